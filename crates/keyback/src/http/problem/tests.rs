use super::*;

#[test]
fn the_readme_lists_every_kind_of_problem() {
    let readme = include_str!("../../../../../README.md");
    for kind in ProblemType::ALL {
        let (slug, status, title) = (kind.slug(), kind.status(), kind.title());
        let row = format!("| `{slug}` | {status} | {title} |");
        assert!(readme.contains(&row), "{row}");
    }
}
