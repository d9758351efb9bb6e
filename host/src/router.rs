//! Finds the component for a path, with the same router crate and the same precedence as Spin.

use anyhow::{Result, anyhow, ensure};

use routefinder::RouteSpec;

use crate::manifest::Route;

/// The routes of an application.
pub(crate) struct Router {
    router: routefinder::Router<Target>,
}

struct Target {
    component: String,
    /// As the manifest has it.
    pattern: String,
    /// The pattern with its leading slash and without a trailing one.
    normalized: String,
}

/// A route that a path matched.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RouteMatch<'a> {
    pub(crate) component: &'a str,
    /// The route as the manifest has it.
    pub(crate) pattern: &'a str,
    /// The same, with its leading slash and without a trailing one.
    pub(crate) normalized: &'a str,
    /// The part of the path that a trailing wildcard matched, with its leading slash; otherwise empty.
    pub(crate) path_info: String,
    /// The named parameters, in the order of the path.
    pub(crate) parameters: Vec<(String, String)>,
}

impl RouteMatch<'_> {
    /// The route as the manifest has it, without a trailing wildcard.
    pub(crate) fn prefix(&self) -> &str {
        self.pattern.strip_suffix("/...").unwrap_or(self.pattern)
    }
}

impl Router {
    /// Builds the router.
    ///
    /// # Errors
    /// When a pattern is not valid or occurs twice.
    pub(crate) fn build(routes: &[Route]) -> Result<Self> {
        let mut specs = routefinder::Router::<Target>::new();
        for route in routes {
            let pattern = &route.pattern;
            let trimmed = pattern.strip_suffix('/').unwrap_or(pattern);
            let slash = if pattern.starts_with('/') { "" } else { "/" };
            let normalized = format!("{slash}{trimmed}");
            let spec = match normalized.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => normalized.clone(),
            };
            let spec: RouteSpec = spec
                .parse()
                .map_err(|reason| anyhow!("route `{pattern}`: {reason}"))?;
            let twice = specs
                .iter()
                .any(|(other, _)| other.segments() == spec.segments());
            ensure!(!twice, "route `{pattern}` occurs twice");
            let target = Target {
                component: route.component.clone(),
                pattern: pattern.clone(),
                normalized,
            };
            specs
                .add(spec, target)
                .map_err(|never| anyhow!("{never:?}"))?;
        }
        Ok(Self { router: specs })
    }

    /// The best route for a path.
    pub(crate) fn find(&self, path: &str) -> Option<RouteMatch<'_>> {
        let found = self.router.best_match(path)?;
        let captures = found.captures();
        let path_info = captures.wildcard().map(|rest| {
            let slash = if rest.is_empty() { "" } else { "/" };
            let trailing = if path.ends_with('/') { "/" } else { "" };
            format!("{slash}{rest}{trailing}")
        });
        let parameters = captures
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let target = found.handler();
        Some(RouteMatch {
            component: &target.component,
            pattern: &target.pattern,
            normalized: &target.normalized,
            path_info: path_info.unwrap_or_default(),
            parameters,
        })
    }

    /// The routes as Spin prints them at start: component, path, and whether it is a wildcard.
    pub(crate) fn describe(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.router.iter().map(|(_, target)| {
            let prefix = target.normalized.strip_suffix("/...");
            (
                target.component.as_str(),
                prefix.unwrap_or(&target.normalized),
                prefix.is_some(),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(patterns: &[&str]) -> Result<Router> {
        let routes: Vec<_> = patterns
            .iter()
            .map(|pattern| Route {
                pattern: (*pattern).to_owned(),
                component: format!("at {pattern}"),
            })
            .collect();
        Router::build(&routes)
    }

    fn found(patterns: &[&str], path: &str) -> Option<String> {
        router(patterns)
            .unwrap()
            .find(path)
            .map(|found| found.pattern.to_owned())
    }

    #[test]
    fn an_exact_route_wins_over_a_parameter_and_that_over_a_wildcard() {
        let patterns = ["/...", "/users/...", "/users/:id", "/users/import", "/"];
        for patterns in [patterns, {
            let mut reversed = patterns;
            reversed.reverse();
            reversed
        }] {
            assert_eq!(
                found(&patterns, "/users/import").as_deref(),
                Some("/users/import")
            );
            assert_eq!(found(&patterns, "/users/7").as_deref(), Some("/users/:id"));
            assert_eq!(
                found(&patterns, "/users/7/events").as_deref(),
                Some("/users/...")
            );
            assert_eq!(found(&patterns, "/elsewhere").as_deref(), Some("/..."));
            assert_eq!(found(&patterns, "/").as_deref(), Some("/"));
        }
    }

    #[test]
    fn a_path_without_a_route_is_not_found() {
        assert_eq!(found(&["/users"], "/users/7"), None);
        assert_eq!(found(&["/users"], "/"), None);
        assert_eq!(found(&["/users"], "/users/").as_deref(), Some("/users"));
    }

    #[test]
    fn names_with_a_leading_dot_are_routes_too() {
        // Beside a wildcard for everything they may lose to it, here as on Spin: the router crate's order of the
        // two depends on the order in which they are added.
        let path = "/.well-known/change-password";
        assert_eq!(found(&[path, "/users"], path).as_deref(), Some(path));
    }

    #[test]
    fn parameters_and_the_rest_of_the_path_are_captured() {
        let router = router(&["/users/:id/files/...", "/"]).unwrap();
        let found = router.find("/users/7/files/a/b/").unwrap();
        assert_eq!(found.parameters, [("id".to_owned(), "7".to_owned())]);
        assert_eq!(found.path_info, "/a/b/");
        assert_eq!(found.normalized, "/users/:id/files/...");
        assert_eq!(found.prefix(), "/users/:id/files");

        assert_eq!(router.find("/users/7/files").unwrap().path_info, "");
        assert_eq!(router.find("/users/7/files/").unwrap().path_info, "/");
        assert_eq!(router.find("/").unwrap().normalized, "");
    }

    #[test]
    fn a_route_that_occurs_twice_is_refused() {
        assert!(router(&["/a", "/a"]).is_err());
        assert!(router(&["/a/:"]).is_err());
    }
}
