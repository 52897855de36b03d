//! `eastwest bill`: measured usage priced by hand, tables that are wrong, and a provider's own bill against ours.

use assert_cmd::Command;
use eastwest::bill::{Exact, Terms};
use eastwest::import::{Sheet, alibaba, usage};
use eastwest::provider::Books;
use eastwest::record::{BillLine, Measured, Verdict};
use eastwest::study::measured;

fn priced(text: &str, terms: &Terms) -> Measured {
    let rows = usage::read(Sheet::read(text), Books::builtin()).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    measured::usage("usage.csv", &rows, Books::builtin(), terms)
}

fn shipped(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/usage");
    std::fs::read_to_string(folder.join(name)).expect("it is shipped")
}

#[track_caller]
fn amounts(of: &Measured, want: &[(&str, f64)]) {
    let line = |line: &BillLine| (line.key.clone(), line.amount.value.unwrap_or(-1.0));
    let got: Vec<(String, f64)> = of.months.iter().flat_map(|month| month.bill.lines.iter().map(line)).collect();
    assert_eq!(got.len(), want.len(), "{got:?}");
    for ((key, amount), (wanted, by_hand)) in got.iter().zip(want) {
        assert_eq!(key, wanted);
        assert!((amount - by_hand).abs() < 5e-10, "{key}: {amount} is not {by_hand}");
    }
}

#[test]
fn a_month_of_usage_is_priced_as_by_hand_to_the_billionth() {
    let told = priced(&shipped("march.csv"), &Terms::default());
    amounts(
        &told,
        &[
            ("cdt.gold", 412.5 * 0.80),
            ("cdt.gold", 96.25 * 0.80),
            // 743.2 hours are 744 begun ones.
            ("cen.attachment", 744.0 * 0.05),
            ("cen.attachment", 744.0 * 0.05),
            ("cen.processing", 508.75 * 0.02),
            ("eip.hour", 744.0 * 0.0063),
            // 1024 MiB are Alibaba's gigabyte, 2^30.
            ("eip.egress", 0.117),
            ("nlb.hour", 744.0 * 0.02),
            ("nlb.lcu", 51.375 * 0.005),
            ("cen.plan", -1.0),
        ],
    );
    let bill = &told.months[0].bill;
    assert_eq!(told.months[0].month, "2026-03");
    assert!(bill.unknowns[0].contains("CEN bandwidth plan"), "{:?}", bill.unknowns);
    let sum: f64 = bill.lines.iter().filter_map(|line| line.amount.value).sum();
    assert!((bill.month.value.expect("a sum") - sum).abs() < 1e-9);
}

#[test]
fn a_balancer_costs_the_greatest_dimension_of_each_hour() {
    // 800 new a second, 100,000 open, 1 GB an hour make a unit. Hour by hour: 0.5, 0.5, 1.5; 0.125, 3, 2; 0, 0.01, 6.25.
    let told = priced(&shipped("balancer-by-hour.csv"), &Terms::default());
    amounts(&told, &[("nlb.lcu", (1.5 + 3.0 + 6.25) * 0.005)]);
    let line = &told.months[0].bill.lines[0];
    assert_eq!(line.quantity.value, Some(10.75));
}

#[test]
fn tiers_begin_anew_each_month_and_are_filled_in_the_order_of_the_file() {
    let tier = |from: i128, price: i128| eastwest::bill::Tier {
        from: Exact::whole(from),
        price: Some(eastwest::bill::PriceRange::exact(eastwest::units::Money(price))),
    };
    let own = eastwest::bill::OwnPrice {
        item: "cdt.gold".into(),
        from: "*".into(),
        to: "*".into(),
        tiers: vec![tier(0, 1_000_000_000), tier(100, 500_000_000)],
        currency: "USD".into(),
        gigabyte: None,
        source: "a contract".into(),
        as_of: String::new(),
    };
    let terms = Terms { own: vec![own], ..Terms::default() };
    let text = "month,item,from,to,quantity,unit\n\
                2026-03,cdt.gold,cn-hangzhou,ap-southeast-1,60,GB\n\
                2026-03,cdt.gold,cn-hangzhou,ap-southeast-1,60,GB\n\
                2026-04,cdt.gold,cn-hangzhou,ap-southeast-1,60,GB\n";
    let told = priced(text, &terms);
    amounts(&told, &[("cdt.gold", 100.0 + 20.0 * 0.5), ("cdt.gold", 60.0)]);
    let steps = &told.months[0].bill.lines[0].steps;
    assert_eq!(steps.iter().map(|step| step.quantity).collect::<Vec<_>>(), [100.0, 20.0]);
}

#[test]
fn an_address_by_bandwidth_pays_the_highest_of_each_day_for_the_hours_in_which_there_was_any() {
    let text = "hour,item,from,quantity,unit\n\
                2026-03-01T10:00,eip.bandwidth-day,cn-hangzhou,3,Mbps\n\
                2026-03-01T11:00,eip.bandwidth-day,cn-hangzhou,5,Mbps\n\
                2026-03-02T10:00,eip.bandwidth-day,cn-hangzhou,1,Mbps\n";
    let told = priced(text, &Terms::default());
    let books = Books::builtin();
    let (steps, _) = books.eip_bandwidth("cn-hangzhou").expect("the book has them");
    let day = |mbps: usize| steps[mbps - 1].mid_nano.expect("a price") as f64 / 1e9;
    amounts(&told, &[("eip.bandwidth-day", day(5) * 2.0 / 24.0 + day(1) / 24.0)]);
}

#[test]
fn all_that_is_wrong_with_a_table_is_told_at_once_with_line_and_column() {
    let text = "month,item,from,quantity,unit,payr\n\
                2026-03,cdt.glod,cn-hangzhou,1,GB,a\n";
    let wrong = usage::read(Sheet::read(text), Books::builtin()).expect_err("a column is unknown");
    let said: Vec<(u64, usize, &str)> =
        wrong.iter().map(|fault| (fault.line, fault.column, fault.message.as_str())).collect();
    assert_eq!(said[0], (1, 6, "no column is called `payr`"));
    assert_eq!(wrong[0].help, "did you mean `payer`?");
    assert_eq!(said[1], (2, 2, "the price book has no item `cdt.glod`"));
    assert!(wrong[1].help.starts_with("did you mean `cdt.gold`?"), "{}", wrong[1].help);

    let text = "month,item,from,quantity,unit\n\
                2026-13,cdt.gold,cn-hangzhou,1,GB\n\
                2026-03,eip.hour,atlantis,,hour\n\
                2026-03,nlb.lcu,cn-hangzhou,7,new\n\
                2026-03,cdt.gold,cn-hangzhou,\"1,000\",GB\n";
    let wrong = usage::read(Sheet::read(text), Books::builtin()).expect_err("all rows are wrong");
    let said: Vec<(u64, usize)> = wrong.iter().map(|fault| (fault.line, fault.column)).collect();
    assert_eq!(said, [(2, 1), (3, 3), (3, 4), (4, 5), (5, 4)]);
    assert_eq!(wrong[2].message, "blank");
}

#[test]
fn a_bill_of_alibaba_is_repriced_row_by_row_and_differences_have_reasons() {
    let books = Books::builtin();
    let sheet = Sheet::read(&shipped("alibaba-bill.csv"));
    assert!(alibaba::is_bill(&sheet) && !usage::is_usage(&sheet));
    let rows = alibaba::read(sheet, &alibaba::Map::builtin(), books).expect("it is sound");
    let told = measured::bill_details("bill.csv", &rows, books, &Terms::default());
    let verdicts: Vec<Verdict> = told.compared.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Verdict::Same, Verdict::Explained, Verdict::Explained, Verdict::Unknown, Verdict::Unknown]);
    let [same, egress, hours, rds, refund] = &told.compared[..] else { panic!("five rows") };
    assert_eq!((same.key.as_deref(), same.ours, same.difference), (Some("cdt.gold"), Some(80.0), Some(0.0)));
    // 50 GB less the 10 of a resource plan at 0.117 are 4.68; theirs has 10 % off.
    assert!((egress.ours.expect("a price") - 40.0 * 0.117).abs() < 1e-9);
    let said = egress.reasons.join("; ");
    assert!(said.contains("a discount of 10 %") && said.contains("a resource plan covered 10 GB"), "{said}");
    assert!(hours.reasons[0].contains("0.009") && hours.reasons[0].contains("0.0063"), "{:?}", hours.reasons);
    assert!(rds.reasons[0].contains("--map") && refund.reasons[0].contains("refund"), "{rds:?} {refund:?}");
    let sums = told.sums.expect("sums");
    assert_eq!((sums.rows, sums.priced, sums.other_currency), (5, 3, 0));
    assert!((sums.theirs - (80.0 + 4.212 + 6.696)).abs() < 1e-9 && (sums.unknown - 2.0).abs() < 1e-9, "{sums:?}");
}

#[test]
fn the_same_bill_in_english_and_in_another_currency_needs_a_rate() {
    let books = Books::builtin();
    let text = "BillingCycle,ProductCode,BillingItem,Usage,UsageUnit,ListPrice,PretaxAmount,Currency,Region,InstanceID\n\
                2026-03,cdt,Inter-region data transfer,100,GB,5.68,568,CNY,cn-hangzhou,cn-hangzhou:ap-southeast-1\n";
    let read = || alibaba::read(Sheet::read(text), &alibaba::Map::builtin(), books).expect("it is sound");
    let told = measured::bill_details("bill.csv", &read(), books, &Terms::default());
    assert_eq!(told.compared[0].verdict, Verdict::Unknown);
    assert!(told.compared[0].reasons[0].contains("no rate from CNY to USD"), "{:?}", told.compared[0].reasons);
    let rates = [("CNY".to_owned(), Exact::parse("7.1").expect("a number"))].into();
    let told = measured::bill_details("bill.csv", &read(), books, &Terms { rates, ..Terms::default() });
    assert_eq!((told.compared[0].verdict, told.compared[0].ours), (Verdict::Same, Some(80.0)));
}

#[test]
fn the_command_writes_every_form_and_refuses_what_it_cannot_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let march = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/usage/march.csv");
    let eastwest = || Command::new(assert_cmd::cargo::cargo_bin!("eastwest"));
    let outs: Vec<String> = ["b.xlsx", "b.csv", "b.md", "b.json", "b.txt"].map(file).into();
    let mut command = eastwest();
    command.args(["bill", march, "--currency", "CNY", "--fx", "CNY=7.1", "--discount", "cdt=10%"]);
    for out in &outs {
        command.args(["--out", out]);
    }
    let told = command.assert().success();
    let text = String::from_utf8_lossy(&told.get_output().stdout).into_owned();
    // 330 USD at 10 % off and 7.1 are 2108.70 CNY; above a thousand a bill is shown in whole units.
    assert!(text.contains("2,109") && text.contains("CNY"), "{text}");
    let begins = |name: &str| std::fs::read(file(name)).expect("written");
    assert!(begins("b.xlsx").starts_with(b"PK"));
    assert!(begins("b.csv").starts_with(b"month,product,key"));
    assert!(begins("b.md").starts_with(b"# Bill of"));
    let json: serde_json::Value = serde_json::from_slice(&begins("b.json")).expect("JSON");
    assert_eq!((json["schema"].as_u64(), json["currency"].as_str()), (Some(1), Some("CNY")));

    let wrong = file("wrong.csv");
    std::fs::write(&wrong, "month,item,quantity,unit\n2026-03,eip.hour,,hour\n").expect("written");
    let out = file("never.csv");
    let told = eastwest().args(["bill", &wrong, "--out", &out]).assert().code(2);
    let said = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    assert!(said.contains("wrong.csv:2:3 (quantity): blank"), "{said}");
    assert!(!std::path::Path::new(&out).exists(), "nothing is written");
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/first.yaml");
    let told = eastwest().args(["bill", scenario]).assert().code(2);
    let said = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    assert!(said.contains("is neither a table of usage") && said.lines().count() == 1, "{said}");
    for arguments in [
        ["--fx", "CNY"],
        ["--discount", "cdt=1.5"],
        ["--discount", "nothing=1%"],
        ["--currency", "EUR"],
        ["--out", "x.pdf"],
    ] {
        eastwest().args(["bill", march]).args(arguments).assert().code(2);
    }
}

const HEAD: &str = "month,item,from,to,quantity,unit\n";

fn refused(row: &str) -> String {
    let wrong = usage::read(Sheet::read(&format!("{HEAD}{row}\n")), Books::builtin()).expect_err("it is refused");
    format!("{}:{} {} {}", wrong[0].line, wrong[0].column, wrong[0].message, wrong[0].help)
}

#[test]
fn bits_quantities_without_end_and_places_of_another_provider_are_refused() {
    let nines = "9".repeat(30);
    assert!(refused(&format!("2026-03,cdt.gold,cn-hangzhou,ap-southeast-1,{nines},GB")).starts_with("2:5 a quantity"));
    assert!(refused("2026-03,cdt.gold,cn-hangzhou,ap-southeast-1,5,Gb").contains("bits"));
    assert!(refused("2026-03,cdt.gold,aws/us-east-1,ap-southeast-1,5,GB").contains("a region of aws"));
    assert!(refused("2026-03,aws.egress,cn-hangzhou,*,5,GB").contains("an item of aws"));
}

#[test]
fn an_hour_given_twice_is_one_hour_and_books_and_rates_are_told() {
    let hour = "2026-03-01T10:00,eip.bandwidth-day,cn-hangzhou,*,5,Mbps\n";
    let head = "hour,item,from,to,quantity,unit\n";
    let once = priced(&format!("{head}{hour}"), &Terms::default());
    let twice = priced(&format!("{head}{hour}{hour}"), &Terms::default());
    assert_eq!(once.months, twice.months);
    assert_eq!(once.months[0].bill.gigabytes_month.to_bits(), 0, "not minus nothing");
    let terms = Terms { rates: [("EUR".to_owned(), Exact::ratio(23, 25))].into(), ..Terms::default() };
    let told = priced("month,item,from,to,quantity,unit\n2026-03,aws.egress,us-east-1,*,5,GB\n", &terms);
    assert_eq!(told.books.iter().map(|book| book.0.as_str()).collect::<Vec<_>>(), ["aws"]);
    assert!(told.assumptions.iter().any(|line| line.starts_with("1 USD is 0.92 EUR")), "{:?}", told.assumptions);
}

#[test]
fn a_cell_that_a_spreadsheet_would_calculate_is_written_as_text() {
    let told = priced(
        "month,item,from,to,quantity,unit,payer\n2026-03,aws.egress,us-east-1,*,500,GB,=1+1\n",
        &Terms::default(),
    );
    let table = String::from_utf8(eastwest::report::measured::table(&told)).expect("it is UTF-8");
    assert!(table.contains(",'=1+1,"), "{table}");
}

#[test]
fn a_file_that_is_read_is_not_written_and_nothing_is_said_twice() {
    let folder = std::env::temp_dir().join(format!("eastwest-same-file-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (file, link) = (folder.join("used.csv"), folder.join("link.csv"));
    std::fs::write(&file, shipped("march.csv")).expect("a file");
    std::fs::hard_link(&file, &link).expect("a link");
    let bill = |more: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("eastwest"));
        command.arg("bill").arg(&file).args(more).assert().code(2);
    };
    bill(&["--out", file.to_str().expect("UTF-8")]);
    bill(&["--out", link.to_str().expect("UTF-8")]);
    bill(&["--fx", "EUR=0.9", "--fx", "EUR=0.8"]);
    bill(&["--discount", "cdt=10%", "--discount", "cdt=20%"]);
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), shipped("march.csv"));
    std::fs::remove_dir_all(&folder).expect("it goes");
}
