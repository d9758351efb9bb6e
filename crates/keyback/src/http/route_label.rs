//! The route of a call as the metrics name it: the path from the contract, without the call's own ids.

/// All paths of calls in the contract. A part with `:` matches any one segment.
const ROUTES: &[&str] = &[
    "/v1/forgot-password",
    "/forgot-password/submit",
    "/v1/verify-otp",
    "/v1/reset-password",
    "/v1/reset-password/check",
    "/v1/cancel-recovery",
    "/v1/password-policy",
    "/v1/password-policy/check",
    "/v1/sign-in",
    "/v1/change-password",
    "/v1/admin/users",
    "/v1/admin/users/import",
    "/v1/admin/users/export",
    "/v1/admin/users/bulk",
    "/v1/admin/users/bulk/:job",
    "/v1/admin/users/:id",
    "/v1/admin/users/:id/unlock",
    "/v1/admin/users/:id/invite",
    "/v1/admin/users/:id/sign-out",
    "/v1/admin/users/:id/reset-password",
    "/v1/admin/users/:id/password-change",
    "/v1/admin/users/:id/recovery",
    "/v1/admin/users/:id/challenge",
    "/v1/admin/users/:id/events",
    "/v1/admin/events",
    "/v1/admin/events/export",
    "/v1/admin/events/heads",
    "/v1/admin/emails",
    "/v1/admin/emails/:id",
    "/v1/admin/emails/:id/retry",
    "/graphql",
    "/_api/admin/graphql",
    "/v1/courier/run",
    "/v1/email-webhooks/:provider",
    "/v1/health",
    "/v1/metrics",
];

/// The route of a path with these segments; `other` if no call has this path.
pub(super) fn route_label(path: &[&str]) -> &'static str {
    let mut routes = ROUTES.iter();
    // Where both a word and an id match, the word comes first in the table.
    let found = routes.find(|route| {
        let mut path = path.iter();
        let mut parts = route.split('/').skip(1);
        let fits = parts.all(|part| {
            path.next()
                .is_some_and(|segment| part.starts_with(':') || part == *segment)
        });
        fits && path.next().is_none()
    });
    found.copied().unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(path: &str) -> &'static str {
        let segments: Vec<_> = path.split('/').skip(1).collect();
        route_label(&segments)
    }

    #[test]
    fn a_label_names_the_route_and_never_what_a_client_wrote() {
        assert_eq!(label("/v1/admin/users/import"), "/v1/admin/users/import");
        assert_eq!(label("/v1/admin/users/bob"), "/v1/admin/users/:id");
        assert_eq!(label("/v1/admin/users/bulk/7"), "/v1/admin/users/bulk/:job");
        for unknown in ["/", "/v1", "/v1/sign-in/", "/v1/admin/users/a/b/c", "/\"x"] {
            assert_eq!(label(unknown), "other", "{unknown}");
        }
    }

    /// The calls in the contract's table, except those of the pages, which have no store.
    #[test]
    fn every_call_of_the_contract_has_a_label() {
        let readme = include_str!("../../../../README.md");
        let rows = readme.lines().filter(|line| line.starts_with("| `"));
        let mut calls = 0;
        for cell in rows.filter_map(|row| row.split('|').nth(1)) {
            for call in cell.split('`').skip(1).step_by(2) {
                let Some((_, path)) = call.split_once(' ') else {
                    continue;
                };
                let path = path.split('?').next().unwrap();
                let of_pages = ["/problems/", "/.well-known/", "/v1/openapi.json"];
                if of_pages.iter().any(|page| path.starts_with(page)) {
                    continue;
                }
                assert_eq!(label(path), path, "{call}");
                calls += 1;
            }
        }
        assert!(calls > 40, "{calls}");
    }
}
