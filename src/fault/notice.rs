//! Who notices a failure, and after how long: the table of `docs/who-notices.md`, which is the one place it is written.

use crate::record::Notice;

const DOCUMENT: &str = include_str!("../../docs/who-notices.md");

/// The table's rows, in its order.
pub fn notices() -> Vec<Notice> {
    let rows = DOCUMENT.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.take_while(|line| line.starts_with('|')).map(row).collect()
}

fn row(line: &str) -> Notice {
    let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    let [event, who, after, how, runs] =
        <[String; 5]>::try_from(cells).expect("a row of who-notices.md has five columns");
    Notice { event, who, after, how, runs }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::defaults;

    #[test]
    fn the_document_has_a_full_row_for_every_way_to_learn() {
        let notices = notices();
        assert!(notices.len() >= 15, "{} rows", notices.len());
        for notice in &notices {
            let cells = [&notice.event, &notice.who, &notice.after, &notice.how, &notice.runs];
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{notice:?}");
            assert!(notice.runs.starts_with("yes") || notice.runs == "not in this version", "{notice:?}");
        }
    }

    #[test]
    fn the_document_says_the_defaults_that_the_policies_have() {
        let after = |how: &str| -> String {
            let found = notices().into_iter().find(|notice| notice.how.contains(how));
            found.unwrap_or_else(|| panic!("a row that says {how}")).after
        };
        assert_eq!(after("tcp_retries2"), format!("{} s", defaults::TCP_GIVE_UP.seconds()));
        assert_eq!(after("connect timeout"), defaults::CONNECT_TIMEOUT.to_string());
        assert_eq!(defaults::OUTLIER.consecutive_5xx, 5);
        assert_eq!(after("outlier detection ejects"), "the fifth in a row");
    }
}
