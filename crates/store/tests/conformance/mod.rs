//! What every backend of the store promises, one function for each promise. A function gets an empty store.
//!
//! A backend's test file says `conformance!(factory)`, where `factory` gives a guard to keep and a store.

pub mod accounts;
pub mod address;
pub mod books;
pub mod bounces;
pub mod charts;
pub mod clinic;
pub mod erasure;
pub mod links;
pub mod mail_links;
pub mod mails;
pub mod operations;
pub mod outbox;
pub mod patients;
pub mod rest;
pub mod sample;
pub mod sessions;
pub mod tries;
pub mod turns;
pub mod users;
pub mod waiting;
pub mod work_list;

/// Makes one test for each promise named.
macro_rules! promises {
    ($fresh:path; $($topic:ident: [$($promise:ident),+ $(,)?])+) => {$(
        mod $topic {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    let (_kept, store) = $fresh();
                    crate::conformance::$topic::$promise(store).await;
                }
            )+
        }
    )+};
}

/// All promises for one backend.
macro_rules! conformance {
    ($fresh:path) => {
        promises! { $fresh;
            patients: [
                are_found_by_id_and_by_address, have_one_running_enrolment_for_an_address,
                get_a_random_id_when_none_is_given, are_listed_in_pages, are_due_longest_overdue_first,
                all_become_due_but_not_the_stopped, follow_events_in_lists, that_do_not_exist_are_named,
                are_enrolled_all_or_none,
            ]
            charts: [
                give_back_every_kind_of_event, equal_what_was_applied, keep_the_zone_and_reach_of_the_enrolment,
                show_each_state_of_a_message, have_one_entry_for_many_recipients, tell_the_clinic_whatever_becomes_of_its_mail,
                show_what_a_decision_took_back_from_the_clinic, keep_microseconds,
                list_the_check_ins_opened_since, of_several_patients_are_those_of_each,
            ]
            turns: [
                on_an_old_version_are_refused_whole, find_their_chart_wherever_it_was_seen, twice_are_stored_once, with_a_known_identity_add_no_message,
                cancel_what_is_queued_and_what_it_covers, enter_what_was_never_queued_as_cancelled,
                that_stop_cancel_mail_to_the_patient_only, planned_on_an_old_rule_book_are_refused,
                of_eight_writers_lose_nothing, of_several_patients_are_stored_all_or_none,
                of_several_patients_are_stored_each_by_itself, of_many_patients_do_not_sink_each_other,
            ]
            outbox: [
                gives_due_mail_once, gives_urgent_mail_first, leaves_patient_mail_alone_while_held,
                drops_stale_mail, ends_as_settled, tries_again_when_told,
                tries_again_what_a_person_has_mended, does_not_try_again_after_a_stop, keeps_what_is_in_doubt,
                counts_no_attempt_for_a_wait, takes_back_a_lease_that_ran_out, fences_off_a_lost_lease,
                does_not_send_while_a_setting_holds_it, does_not_send_what_was_cancelled,
                does_not_cancel_what_is_being_sent, takes_back_what_is_released,
                recovers_what_a_lost_worker_held, never_gives_one_message_to_two_workers,
                says_when_the_next_is_due, counts_its_states, looks_again_when_mail_fails,
                plans_again_what_a_cancelled_message_covered, does_not_queue_again_after_a_stop,
                does_not_recover_mail_of_who_stopped, tells_nothing_through_a_message_that_failed,
                counts_a_late_message_on_the_day_it_left, knows_what_left_for_patients,
                gives_what_is_pressing_beyond_the_limit,
            ]
            clinic: [
                messages_are_listed_newest_first, messages_show_their_mail, mail_is_added_once_a_recipient,
                work_items_are_added_once, work_items_are_listed_in_pages, work_items_of_one_patient_are_listed, digests_take_items_once,
                work_items_that_cannot_wait_are_escalated_once,
            ]
            mails: [
                come_back_byte_for_byte, are_the_same_at_every_attempt,
                of_a_turn_that_was_refused_leave_the_next_one_whole, of_many_writers_share_what_they_have_in_common,
            ]
            links: [
                open_what_they_were_made_for, open_with_the_chart_of_their_patient, that_expired_are_still_known, are_revoked_by_stop_but_for_stop,
                that_stop_follow_their_address_into_the_newest_enrolment,
            ]
            mail_links: [
                open_each_with_a_secret_of_its_own, come_with_an_enrolment, lie_beside_links_without_a_mail,
                at_one_place_are_told_apart, are_revoked_by_stop_but_for_stop, are_revoked_by_another_address,
                go_with_an_erased_patient, find_their_message_by_its_return_path,
            ]
            address: [
                goes_over_with_all_enrolments, retires_links_and_queued_mail, is_not_taken_from_somebody_else,
                does_not_let_old_mail_be_tried_again,
            ]
            rest: [
                books_keep_their_date_until_another_is_live, books_come_back_whole, settings_are_set_and_cleared,
                the_audit_log_is_read_newest_first, the_audit_log_knows_where_from_for_a_year, the_store_answers,
            ]
            books: [
                know_who_edited_them_and_why, forget_an_edit_that_was_not_made, are_listed_newest_first,
                keep_their_files, know_what_they_sent, refused_are_kept_with_their_files,
                refused_twice_are_kept_once, refused_long_ago_are_forgotten,
            ]
            erasure: [
                takes_the_person_out_of_every_list, keeps_numbers_and_the_id, takes_every_enrolment_of_the_address,
                stops_what_is_queued_and_claimed, empties_or_takes_back_digests,
                takes_back_what_is_being_told_of_the_patient, leaves_others_alone,
            ]
            bounces: [
                find_their_message_by_its_return_path, are_noted_once, make_an_accepted_message_rejected,
                that_are_only_noted_change_no_state,
            ]
            sessions: [
                are_found_by_their_hash, are_touched_and_ended, end_with_a_new_password, that_are_old_are_forgotten,
                begin_with_one_first_user, begin_with_the_password_that_was_proved,
            ]
            work_list: [
                keeps_what_somebody_took_from_being_escalated,
                has_one_row_a_patient_most_urgent_first, is_listed_in_pages, is_filtered, follows_what_people_do,
                is_opened_anew_by_what_is_as_urgent, is_left_alone_by_what_is_less_urgent,
                keeps_its_history, is_audited, forgets_an_erased_patient, knows_who_fell_silent,
                puts_what_waits_before_what_was_contacted, keeps_what_was_done_otherwise, keeps_a_scorecard,
                is_opened_again_by_a_person, says_how_somebody_tried_and_why_it_is_put_off,
            ]
            accounts: [
                begin_with_an_invitation, are_invited_once, get_a_new_password_by_a_link_that_works_once,
                lose_links_by_time_and_by_a_new_password, keep_one_admin_who_can_sign_in,
                that_are_let_go_are_out_at_once, are_changed_with_a_line_in_the_log, keep_no_token_once_its_mail_is_gone,
                have_an_audit_log_each, are_told_by_mail_of_what_was_changed,
            ]
            tries: [
                run_out_and_come_back, stop_at_the_first_too_many, are_forgotten_one_key_at_a_time,
                survive_a_clock_put_back, are_kept_in_bounds, by_many_at_once_are_each_counted,
            ]
            operations: [
                count_mail_by_the_hour, count_an_hour_in_which_nothing_left, count_what_came_back, hasten_what_waits_for_another_try, name_the_schema,
            ]
            waiting: [
                keeps_what_waits_beside_the_chart, moves_what_was_done_by_a_doubted_clock_before_what_came_of_it, lets_only_emergencies_leave_while_the_clock_is_in_doubt,
            ]
            users: [
                are_found_by_address, are_added_once, are_listed_in_pages,
            ]
        }
    };
}
