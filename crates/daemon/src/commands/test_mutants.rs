//! `afterrun test --mutants`: which changes of the rules would no scenario notice?

use afterrun_rules::{
    RuleBook,
    mutants::{Mutant, Part, Tried, Verdict, try_all},
    scenario_run::OtherBooks,
};

use super::{
    Ended,
    layout::{Progress, hanging},
    rules_folder::counted,
    tool::say,
};

/// Tries every change of a book whose scenarios come out as written, and says which went unnoticed. Those of a flag
/// or a recovery window count as findings; others are listed.
pub(super) fn execute(book: &RuleBook, others: &OtherBooks) -> anyhow::Result<Ended> {
    let progress = Progress::of("changes");
    let tried = try_all(book, others, |done, total| progress.say(done as u64, Some(total as u64), 1));
    drop(progress);
    // The caller has run the scenarios, so that they fail here cannot happen.
    let tried = tried.unwrap_or_default();
    let unnoticed: Vec<&Tried> = tried.iter().filter(|one| one.verdict == Verdict::Unnoticed).collect();
    let equivalent: Vec<(&Mutant, &str)> = tried
        .iter()
        .filter_map(|one| match one.verdict {
            Verdict::Equivalent(why) => Some((&one.mutant, why)),
            _ => None,
        })
        .collect();
    let noticed = tried.len() - unnoticed.len() - equivalent.len();
    say(format_args!(
        "{} tried: {noticed} noticed by a scenario, {} without effect, {} unnoticed",
        counted(tried.len(), "change"),
        equivalent.len(),
        unnoticed.len()
    ))?;
    if !equivalent.is_empty() {
        say("\nwithout effect, so nothing is there to notice")?;
    }
    for (mutant, why) in equivalent {
        say(hanging(&format!("{}: {why}", named(mutant)), 2, 6))?;
    }
    let mut care = 0;
    for part in [Part::RedFlags, Part::Recovery, Part::CheckIns, Part::Questions, Part::Clinic] {
        let of_part: Vec<&&Tried> = unnoticed.iter().filter(|one| one.mutant.part == part).collect();
        if of_part.is_empty() {
            continue;
        }
        say(format_args!("\nunnoticed in the {}: all scenarios still come out", part.title()))?;
        for one in &of_part {
            say(hanging(&named(&one.mutant), 2, 6))?;
        }
        if matches!(part, Part::RedFlags | Part::Recovery) {
            care += of_part.len();
        }
    }
    if care == 0 {
        say("\nno change of a red flag or a recovery window goes unnoticed")?;
        return Ok(Ended::Well);
    }
    say(format_args!(
        "\nwrite a scenario for each of the {} in red flags and recovery windows",
        counted(care, "change")
    ))?;
    Ok(Ended::WithFindings)
}

fn named(mutant: &Mutant) -> String {
    let place = mutant.place.as_ref().map_or_else(String::new, |place| format!(" ({place})"));
    format!("{}{place}: {}", mutant.rule, mutant.change)
}
