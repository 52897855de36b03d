//! Start-up: from a scenario's text to a world, at 100, 1,000 and 10,000 services.
//!
//! `cargo bench --bench compile -- --write FILE SERVICES REPLICAS` writes such a scenario instead, for the command line.

mod large;

use criterion::{BenchmarkId, Criterion, criterion_group};
use eastwest::provider::Books;
use eastwest::scenario::{Inputs, Loaded, compile_with_warnings, load_text};

fn loaded(text: &str) -> Loaded {
    load_text("large.yaml", text, &[]).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics))
}

fn compile(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("start-up");
    group.sample_size(10);
    for services in [100, 1_000, 10_000] {
        let text = large::scenario(services, 10);
        group.bench_function(BenchmarkId::new("load", services), |bencher| bencher.iter(|| loaded(&text)));
        let loaded = loaded(&text);
        let scenario = &loaded.variants[0].scenario;
        group.bench_function(BenchmarkId::new("compile", services), |bencher| {
            bencher.iter(|| {
                compile_with_warnings(scenario, "base", Books::builtin(), Inputs::default())
                    .unwrap_or_else(|said| panic!("{said:?}"))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, compile);

fn main() {
    let words: Vec<String> = std::env::args().skip_while(|word| word != "--write").collect();
    if let [_, file, services, replicas, ..] = &words[..] {
        let number = |word: &str| word.parse().unwrap_or_else(|_| panic!("`{word}` is not a number"));
        let text = large::scenario(number(services), number(replicas));
        std::fs::write(file, text).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
        return;
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
