//! The words of the pages about the rules: in force, history, comparing, editing.

pub(crate) use super::console::*;
use crate::Candidate;

// The ways between the pages.
pub(crate) const RULES_PAGES: &str = "About the rules";
pub(crate) const FROM_THE_START: &str = "the first start";
pub(crate) const TAB_IN_FORCE: &str = "In force";
pub(crate) const TAB_COMPARE: &str = "Compare";
pub(crate) const TAB_EDIT: &str = "Edit";
pub(crate) const TAB_HISTORY: &str = "History";
pub(crate) const OLDER: &str = "Older";

// The book in force.
pub(crate) const BOOK_IN_FORCE: &str = "The rule book in force";
pub(crate) const CAME_OF: &str = "Came of";
pub(crate) const OF_THE_FOLDER: &str = "a change in the rules folder";
pub(crate) const SIGN_OFFS: &str = "Who has signed it";
pub(crate) const COLUMN_FILE: &str = "File";
pub(crate) const COLUMN_SIGNED_BY: &str = "Signed by";
pub(crate) const COLUMN_SIGNED_ON: &str = "On";
pub(crate) const COLUMN_REVIEW_BY: &str = "Look again by";
pub(crate) const NOT_SIGNED: &str = "nobody";
pub(crate) const REVIEW_PAST: &str = "past";
pub(crate) const ON_THIS_PAGE: &str = "On this page";
pub(crate) const WHAT_WAS_CHANGED: &str = "What was changed in the rules in force";
pub(crate) const TO_MEND: &str = "The page of this edit";
pub(crate) const MESSAGE_LIST_HINT: &str =
    "With made-up values in place of a runner's own. Each can be seen as a phone shows it.";

pub(crate) fn edit_by(by: &str, file: &str) -> String {
    format!("{by}, who edited {file} here:")
}

// A message.
pub(crate) const AS_HTML: &str = "On a phone";
pub(crate) const AS_TEXT: &str = "As plain text";
pub(crate) const SUBJECT: &str = "Subject";
pub(crate) const PREVIEW: &str = "Preview";
pub(crate) const NO_SUCH_PREVIEW: &str = "none";

pub(crate) fn message_title(id: &str) -> String {
    format!("Message {id}")
}

// History.
pub(crate) const HISTORY_TITLE: &str = "History of the rules";
pub(crate) const WERE_IN_FORCE: &str = "In force, newest first";
pub(crate) const WERE_REFUSED: &str = "Refused, newest first";
pub(crate) const NOTHING_REFUSED: &str = "No edit has been refused.";
pub(crate) const REFUSED_HINT: &str = "The newest 20 are kept.";
pub(crate) const COLUMN_BOOK: &str = "Book";
pub(crate) const COLUMN_SINCE: &str = "In force";
pub(crate) const COLUMN_BY: &str = "Changed by";
pub(crate) const COLUMN_REFUSED: &str = "Refused";
pub(crate) const COLUMN_FINDING: &str = "First finding";
pub(crate) const NOW: &str = "now";
pub(crate) const IN_THE_FOLDER: &str = "in the folder";
pub(crate) const WHAT_IT_SENT: &str = "What it sent";
pub(crate) const BOOK_SENT_NOTHING: &str = "Nothing was decided under this book.";
pub(crate) const STATUS_IN_FORCE: &str = "in force";
pub(crate) const STATUS_WAS: &str = "no longer in force";
pub(crate) const STATUS_REFUSED: &str = "refused";
pub(crate) const DIFFERENCES: &str = "What differs";
pub(crate) const AGAINST_BEFORE: &str = "Against the book before it";
pub(crate) const AGAINST_IN_FORCE: &str = "Against the book in force";
pub(crate) const NO_DIFFERENCE: &str = "Both hold the same files.";
pub(crate) const FIRST_BOOK: &str = "It is the first book there was.";
pub(crate) const TOO_MUCH_TO_SHOW: &str = "There is more; this page shows no more lines than this.";
pub(crate) const NOT_TEXT: &str = "This file is no text.";
pub(crate) const ADDED: &str = "new";
pub(crate) const REMOVED: &str = "removed";
pub(crate) const OLD_LINE: &str = "Line before";
pub(crate) const NEW_LINE: &str = "Line after";
pub(crate) const LINE: &str = "Text";
pub(crate) const TRY_THIS_BOOK: &str = "Compare with the rules in force";
pub(crate) const FINDINGS: &str = "Why it was refused";

pub(crate) fn book_title(short: &str) -> String {
    format!("Rule book {short}")
}

pub(crate) fn changed_lines(added: usize, removed: usize) -> String {
    match (added, removed) {
        (added, 0) => format!("{added} added"),
        (0, removed) => format!("{removed} removed"),
        (added, removed) => format!("{added} added, {removed} removed"),
    }
}

pub(crate) fn saved(is_in_force: bool) -> &'static str {
    match is_in_force {
        true => "Saved, and in force.",
        false => {
            "Saved. Somebody else changed another file at the same moment, so these rules are not in force yet."
        }
    }
}

// Comparing.
pub(crate) const COMPARE_TITLE: &str = "Compare before it counts";
pub(crate) const COMPARE_WORDS: &str = "Every chart of the clinic is lived through twice, under the rules in force and \
    under others: who would no longer be flagged, who newly, who earlier or later, and how much mail there would be. \
    Nothing is sent and nothing is stored.";
pub(crate) const WITH_FOLDER: &str = "With the rules folder as it is";
pub(crate) const FOLDER_IS_IN_FORCE: &str = "The folder holds what is in force: there is nothing to compare.";
pub(crate) const FOLDER_DIFFERS: &str = "The folder holds other rules than those in force.";
pub(crate) const COMPARE_FOLDER: &str = "Compare with the folder";
pub(crate) const WITH_UPLOAD: &str = "With a folder of your own";
pub(crate) const UPLOAD_WORDS: &str = "Pack the whole rules folder into a zip file, at most 8 MB. It is compared and \
    forgotten, never put into force.";
pub(crate) const ARCHIVE: &str = "Zip file";
pub(crate) const COMPARE_UPLOAD: &str = "Compare with this folder";
pub(crate) const WITH_BOOK_HINT: &str = "Earlier books can be compared from their own page in the history; what you \
    are writing, from the editor.";
pub(crate) const COMPARISONS: &str = "Comparisons of late";
pub(crate) const NO_COMPARISON: &str = "None. They are forgotten two hours after they were asked for, and when the \
    service restarts.";
pub(crate) const COLUMN_WITH: &str = "With";
pub(crate) const WAITING: &str = "waits for another comparison to end";
pub(crate) const CANCELLED: &str = "cancelled";
pub(crate) const FINISHED: &str = "finished";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const LOOK_AGAIN: &str = "Look again";
pub(crate) const IS_CANCELLED: &str = "It was cancelled. Nothing came of it.";
pub(crate) const SAME_RULES: &str = "These are the rules in force: there is nothing to compare.";
pub(crate) const COMPARE_BUSY: &str = "Other comparisons wait already. Please let them end, or cancel one.";
pub(crate) const CANDIDATE_REFUSED: &str = "These rules have errors, so nothing can be compared";
pub(crate) const NO_ARCHIVE: &str = "Please choose a zip file.";
pub(crate) const COMPARISON_GONE: &str =
    "This comparison is forgotten, or belongs to another start of the service.";
pub(crate) const NO_LONGER: &str = "No longer flagged";
pub(crate) const NEWLY: &str = "Newly flagged";
pub(crate) const LATER_FLAGGED: &str = "Later";
pub(crate) const EARLIER_FLAGGED: &str = "Earlier";
pub(crate) const NOBODY_CHANGES: &str = "Nobody.";
pub(crate) const COLUMN_STAGE: &str = "Rule and stage";
pub(crate) const COLUMN_BEFORE: &str = "In force";
pub(crate) const COLUMN_AFTER: &str = "With these";
pub(crate) const NEVER: &str = "–";
pub(crate) const ERASED: &str = "erased";
pub(crate) const INSTEAD: &str = "Under the other rules:";
pub(crate) const VOLUME: &str = "How much mail";
pub(crate) const VOLUME_EACH: &str = "Messages a runner and week";
pub(crate) const VOLUME_ALL: &str = "Messages a week, all runners";
pub(crate) const VOLUME_CHECK_INS: &str = "Check-ins among them";
pub(crate) const VOLUME_CLINIC: &str = "Times a week the clinic is told";
pub(crate) const COLUMN_CHANGE: &str = "Change";
pub(crate) const STAGES: &str = "Stage by stage";
pub(crate) const COLUMN_SAME: &str = "Same day";
pub(crate) const SKIPPED: &str = "Charts left out";

/// Kinds of change: word in addresses and words.
pub(crate) const CHANGE_KINDS: [(&str, &str); 4] =
    [("no-longer", NO_LONGER), ("newly", NEWLY), ("later", LATER_FLAGGED), ("earlier", EARLIER_FLAGGED)];

pub(crate) fn candidate(candidate: &Candidate) -> String {
    match candidate {
        Candidate::Folder => "the rules folder".to_owned(),
        Candidate::Book(hash) => format!("rule book {}", hash.short()),
        Candidate::Upload(name) => format!("the folder in {name}"),
        Candidate::Draft(file) => format!("a draft of {file}"),
    }
}

pub(crate) fn compared_with(what: &str) -> String {
    format!("The rules in force, and {what}")
}

pub(crate) fn charts_done(done: u64, total: u64) -> String {
    format!("{done} of {total} charts")
}

pub(crate) fn charts_compared(charts: u64) -> String {
    if charts == 1 { "1 chart was compared.".to_owned() } else { format!("{charts} charts were compared.") }
}

pub(crate) fn and_others(count: u64) -> String {
    format!("{count} in all; the first 1,000 are listed.")
}

pub(crate) fn asked_by(by: &str, when: &str) -> String {
    format!("asked for by {by} on {when}")
}

// What an archive may be.
pub(crate) const NOT_A_ZIP: &str = "This is no zip file that can be read.";
pub(crate) const ZIP_EMPTY: &str = "There is no rule file in this zip file.";
pub(crate) const ZIP_TOO_MANY: &str = "There are more files in this zip file than a rules folder may hold.";
pub(crate) const ZIP_TOO_LARGE: &str = "The files in this zip file are larger than a rules folder may be.";

pub(crate) fn zip_escapes(name: &str) -> String {
    format!("This zip file holds `{name}`, which leads out of its folder. Nothing of it was read.")
}

pub(crate) fn zip_link(name: &str) -> String {
    format!("This zip file holds `{name}`, which is a link and no file. Nothing of it was read.")
}

// Editing.
pub(crate) const EDIT_TITLE: &str = "Edit the rules";
pub(crate) const EDIT_OFF: &str = "The rules are edited in their folder, with any editor. Somebody who looks after \
    this service can allow editing here, for clinicians and admins: `edit_rules: InConsole` in afterrun.ron.";
pub(crate) const EDIT_WORDS: &str = "What you save is live within a second, if it passes every check and its own \
    scenarios; otherwise it is not saved.";
pub(crate) const FOLDER_UNREADABLE: &str = "The rules folder cannot be read";
pub(crate) const COLUMN_SIZE: &str = "Lines";
pub(crate) const NEW_FILE: &str = "A new file";
pub(crate) const NEW_FILE_PATH: &str = "Its path in the folder";
pub(crate) const NEW_FILE_HINT: &str = "A message is messages/NAME.md, everything else ends in .ron. A folder that is \
    not there yet is made.";
pub(crate) const NEW_FILE_BUTTON: &str = "Begin";
pub(crate) const FILE_TEXT: &str = "Text of the file";
pub(crate) const TOGETHER: &str = "Changed together";
pub(crate) const TOGETHER_HINT: &str = "A rule and its scenarios, say: all of them go live at once, or none.";
pub(crate) const NO_OTHER: &str = "this file alone";
pub(crate) const ANOTHER: &str = "Another file";
pub(crate) const ANOTHER_BUTTON: &str = "Change it as well";
pub(crate) const REASON: &str = "Why you change it";
pub(crate) const REASON_HINT: &str = "Kept in the history beside your name.";
pub(crate) const CHECK: &str = "Check";
pub(crate) const COMPARE_DRAFT: &str = "Compare";
pub(crate) const COMPARE_DRAFT_HINT: &str = "Compare opens beside this page, so that your text stays here.";
pub(crate) const FATE: &str = "Rename or delete this file";
pub(crate) const FATE_HINT: &str = "Saved at once, with what is changed together, if the rules would go live. The history \
    keeps what was there.";
pub(crate) const LOOK_AS: &str = "Check and compare it";
pub(crate) const NOT_COMPARED: &str = "Not compared";

/// What is to become of a file, as far as it is only looked at.
pub(crate) fn look_as(fate: &str) -> &'static str {
    match fate {
        "rename" => "under the new path",
        "delete" => "as deleted",
        _ => "as it is called",
    }
}

pub(crate) const NEW_NAME: &str = "New path in the folder";
pub(crate) const RENAME: &str = "Save under this name";
pub(crate) const DELETE_FILE: &str = "Delete the file";
pub(crate) const SAVE: &str = "Save and put in force";
pub(crate) const RESULT: &str = "What Afterrun makes of it";
pub(crate) const NOTHING_CHANGED: &str = "Nothing is changed yet.";
pub(crate) const YOURS_AND_THEIRS: &str = "From the file as it is to your text";
pub(crate) const OPEN_ANEW: &str = "Open the file as it is now";
pub(crate) const IS_LINK: &str = "This file is a link to another place, or lies behind one. It can only be edited where \
    it leads to.";
pub(crate) const NOT_EDITABLE: &str = "This file is no UTF-8 text, so it cannot be edited here.";
pub(crate) const NO_FILE: &str = "There is no rule or message file of this name, and none may be called so.";
pub(crate) const SAME_TEXT: &str = "The file holds this text already.";
pub(crate) const NOT_SAVED_REFUSED: &str = "Not saved: these rules would be refused.";
pub(crate) const CHECK_BUSY: &str = "Too much is being checked at the moment. Please try again.";
pub(crate) const WOULD_BE_REFUSED: &str = "These rules would be refused";
pub(crate) const WOULD_GO_LIVE: &str = "These rules would go live";
pub(crate) const SCENARIOS_FAILED: &str = "Scenarios that no longer come out as written";
pub(crate) const READ_BACK: &str = "Read back";
pub(crate) const READ_BACK_REST: &str = "Unchanged";
pub(crate) const CHIP_CHANGED: &str = "changed";
pub(crate) const CHIP_NEW: &str = "new";
pub(crate) const CHIP_GONE: &str = "no longer there";
pub(crate) const YOUR_CHANGE: &str = "What you changed";
pub(crate) const MEANS_THE_SAME: &str = "No rule means anything else than in force.";
pub(crate) const FINDINGS_PLACE: &str = "Go there";
pub(crate) const UNREACHABLE: &str = "The service does not answer; your text is still here.";

pub(crate) fn open_as_well(file: &str) -> String {
    format!("Change {file} as well")
}

pub(crate) fn changed_underneath(file: &str) -> String {
    format!(
        "{file} has been changed since you opened it, so nothing was saved. Below is how your text differs from the \
         file as it is now. Open it anew and bring over what you want to keep."
    )
}

pub(crate) fn edit_of(file: &str) -> String {
    format!("Edit {file}")
}

pub(crate) fn tried(is_accepted: bool, errors: usize, scenarios: usize) -> String {
    match is_accepted {
        true => format!("{WOULD_GO_LIVE}: {} as written.", counted(scenarios, "scenario")),
        false => format!("{WOULD_BE_REFUSED}: {}.", counted(errors, "error")),
    }
}

pub(crate) fn name_taken(file: &str) -> String {
    format!("There is a file {file} already.")
}

pub(crate) fn file_gone(file: &str) -> String {
    format!("{file} (removed)")
}

pub(crate) fn not_saved(why: &str) -> String {
    format!("Not saved: {why}")
}

pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
