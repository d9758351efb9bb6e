//! The document matches the code: any difference fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::call::Call;
use super::{calls, document};
use crate::base::timestamp::Timestamp;
use crate::http::{ProblemType, asked};
use crate::model::breach::BreachCheck;
use crate::model::client_address::ClientAddress;
use crate::model::email::EmailKind;
use crate::model::event::{AboutEmail, Event, EventType};
use crate::model::id::{AccountId, EmailId, EventId};
use crate::testing::{App, Call as Made};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// `KEYBACK_RENEW_SNAPSHOTS=1 cargo test the_document_is_in_docs` renews the file; review the difference.
#[test]
fn the_document_is_in_docs() {
    let path = root().join("docs/openapi.yaml");
    let yaml = serde_saphyr::to_string(&document()).unwrap();
    if std::env::var_os("KEYBACK_RENEW_SNAPSHOTS").is_some() {
        fs::write(&path, &yaml).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == yaml,
        "docs/openapi.yaml is not what the code describes"
    );
}

#[test]
fn every_handler_of_the_routes_is_in_the_document_and_no_other() {
    let source = read("crates/keyback/src/http/routes.rs");
    let verbs = ["get", "post", "put", "patch", "delete"];
    let mut routed = BTreeSet::new();
    for (at, _) in source.match_indices('(') {
        let before = &source[..at];
        let is_of_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | ':');
        let name = &before[before.trim_end_matches(is_of_name).len()..];
        if name
            .rsplit_once("::")
            .is_some_and(|(_, verb)| verbs.contains(&verb))
        {
            routed.insert(name.to_owned());
        }
    }
    // Pages, and another API.
    for other in [
        "api_docs",
        "brand",
        "form",
        "graphql",
        "pages",
        "portal",
        "problem_pages",
    ] {
        routed.retain(|name| !name.starts_with(&format!("{other}::")));
    }
    let documented: BTreeSet<String> = calls::all()
        .iter()
        .map(|call| call.handler.to_owned())
        .collect();
    assert_eq!(documented, routed);
}

/// The calls of the README's table: method and path, with the columns.
fn readme_calls() -> BTreeMap<(String, String), Vec<String>> {
    let readme = read("README.md");
    let rows = readme
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains(" /v1/"));
    let mut calls = BTreeMap::new();
    for row in rows {
        let columns: Vec<String> = row.split('|').map(str::to_owned).collect();
        let call = columns[1].split('`').nth(1).unwrap();
        // Other tables contain calls, too.
        let Some((method, path)) = call.split_once(' ') else {
            continue;
        };
        let path = path.split('?').next().unwrap();
        let segments = path
            .split('/')
            .map(|segment| match segment.strip_prefix(':') {
                Some(name) => format!("{{{name}}}"),
                None => segment.to_owned(),
            });
        let path = segments.collect::<Vec<_>>().join("/");
        calls
            .entry((method.to_lowercase(), path))
            .or_insert(columns);
    }
    calls
}

#[test]
fn the_table_of_the_readme_has_the_same_calls_scopes_and_problems() {
    // Problems that any call of a kind can have.
    let general = [
        ProblemType::PayloadTooLarge,
        ProblemType::ValidationFailed,
        ProblemType::Overloaded,
        ProblemType::ServiceUnavailable,
    ];
    let mut of_readme = readme_calls();
    for call in calls::all() {
        let name = format!("{} {}", call.method, call.path);
        let columns = of_readme.remove(&(call.method.to_owned(), call.path.to_owned()));
        let columns = columns.unwrap_or_else(|| panic!("{name} is not in the README's table"));
        let mut scopes: Vec<&str> = columns[2].split('`').skip(1).step_by(2).collect();
        scopes.retain(|scope| *scope != "users:hashes");
        assert_eq!(scopes, call.scopes, "{name}");
        let problems = &columns[5];
        for kind in ProblemType::ALL
            .iter()
            .filter(|kind| !general.contains(kind))
        {
            let words = problems.split([' ', ',']);
            let is_in_readme = words.into_iter().any(|word| word == kind.slug());
            assert_eq!(
                call.own_problems.contains(kind),
                is_in_readme,
                "{name}: {}",
                kind.slug()
            );
        }
    }
    assert_eq!(of_readme.into_keys().collect::<Vec<_>>(), []);
}

#[test]
fn what_may_hash_is_said_to_be_refused_where_too_many_do() {
    let marked = calls::all().into_iter().filter(|call| call.may_hash);
    let paths: BTreeSet<&str> = marked.map(|call| call.path).collect();
    // As in `flow/tests/overload.rs`.
    let expected = [
        "/v1/admin/users",
        "/v1/admin/users/import",
        "/v1/admin/users/{id}/reset-password",
        "/v1/change-password",
        "/v1/reset-password",
        "/v1/sign-in",
    ];
    assert_eq!(paths, BTreeSet::from(expected));
}

#[test]
fn each_path_has_the_methods_of_the_document() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if path == "/v1/openapi.json" {
            continue;
        }
        let call = Made::get(&path.replace(['{', '}'], "")).by("OPTIONS");
        let reply = App::default().make(&call).expect(405);
        let allowed: BTreeSet<String> = reply
            .header("allow")
            .split(", ")
            .map(str::to_lowercase)
            .collect();
        let mut documented: BTreeSet<String> =
            methods.as_object().unwrap().keys().cloned().collect();
        if documented.contains("get") {
            documented.insert("head".to_owned());
        }
        assert_eq!(documented, allowed, "{path}");
    }
}

/// The names of all members in a schema, at any depth.
fn names_in(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            for (keyword, value) in members {
                if let ("properties", Value::Object(properties)) = (keyword.as_str(), value) {
                    names.extend(properties.keys().cloned());
                }
                names_in(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|it| names_in(it, names)),
        _ => {}
    }
}

/// The members and parameters of a call, by the document: members of JSON, and parameters of the query.
fn documented(operation: &Value) -> BTreeSet<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut names: BTreeSet<String> = parameters
        .filter(|it| it["in"] == "query")
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect();
    names_in(
        &operation["requestBody"]["content"]["application/json"]["schema"],
        &mut names,
    );
    names
}

/// The members and parameters that the handler reads.
fn read_by(call: &Call) -> BTreeSet<String> {
    let method = match call.method {
        "get" => "GET",
        "post" => "POST",
        "put" => "PUT",
        "patch" => "PATCH",
        _ => "DELETE",
    };
    let path = call.path.replace(['{', '}'], "");
    let body = match call.id {
        "createUser" => json!({"invite": {}}),
        "startBulkJob" => json!({"filter": {}}),
        "importUsers" => json!([{}]),
        _ => json!({}),
    };
    let app = App::default();
    let _ = asked::take();
    let _ = app.make(&Made::post(&path, body, "192.0.2.1:50000").by(method));
    asked::take()
}

#[test]
fn each_call_takes_the_members_and_parameters_of_the_document_and_no_other() {
    let document = document();
    for call in calls::all() {
        let mut read = read_by(&call);
        if call.id == "importUsers" {
            // Read only to refuse them in an import.
            for name in ["generate", "send_email", "return_password", "invite"] {
                assert!(read.remove(name), "{name}");
            }
        }
        let operation = &document["paths"][call.path][call.method];
        assert_eq!(documented(operation), read, "{}", call.id);
    }
}

#[test]
fn every_problem_is_in_the_document() {
    let document = document();
    let responses = document["components"]["responses"].as_object().unwrap();
    for kind in ProblemType::ALL {
        let found = responses.values().any(|response| {
            let examples = &response["content"]["application/problem+json"]["examples"];
            examples[kind.slug()]["value"]["status"] == kind.status()
        });
        assert!(found, "{}", kind.slug());
    }
}

/// The names of a schema's members, all and those that are always there.
fn members_of(document: &Value, schema: &Value) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let schema = match schema["$ref"].as_str() {
        Some(path) => document.pointer(path.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    let all = schema["properties"].as_object()?.keys().cloned().collect();
    let required = schema["required"].as_array().into_iter().flatten();
    Some((
        all,
        required.map(|it| it.as_str().unwrap().to_owned()).collect(),
    ))
}

#[track_caller]
fn assert_fits(document: &Value, schema: &Value, value: &Value) {
    let Some((all, required)) = members_of(document, schema) else {
        return;
    };
    let given: BTreeSet<String> = value.as_object().unwrap().keys().cloned().collect();
    assert!(
        given.is_subset(&all) && required.is_subset(&given),
        "{given:?} is not {all:?}"
    );
}

#[test]
fn examples_of_answers_have_the_members_of_their_schemas() {
    let document = document();
    for call in calls::all() {
        let responses = document["paths"][call.path][call.method]["responses"]
            .as_object()
            .unwrap();
        for response in responses.values() {
            let content = &response["content"]["application/json"];
            if !content["example"].is_null() {
                assert_fits(&document, &content["schema"], &content["example"]);
            }
        }
    }
}

#[test]
fn events_have_the_members_of_the_document() {
    let document = document();
    let (id, account) = (
        EventId::parse("e").unwrap(),
        AccountId::parse("ann").unwrap(),
    );
    let at = Timestamp::parse("2026-11-23").unwrap();
    let client = ClientAddress::parse("192.0.2.1").unwrap();
    let about = AboutEmail {
        id: EmailId::parse("m").unwrap(),
        kind: EmailKind::Recovery,
    };
    let event = Event::by_user(id, EventType::PasswordChanged, account, client, at);
    let schema = json!({"$ref": "#/components/schemas/Event"});
    assert_fits(&document, &schema, &Value::Object(event.shown(1)));
    let full = event
        .about(about)
        .checked(Some(BreachCheck::Passed))
        .shown(1);
    assert_fits(&document, &schema, &Value::Object(full));
}

#[test]
fn an_import_is_answered_with_the_members_of_the_document() {
    let document = document();
    let app = App::with_account();
    let table = "email,other\nann@example.test,1\nnobody,2\n";
    for call in [
        Made::import(&[json!({"email": "bob@example.test"}), json!({"email": 7})]),
        Made::import_table(table).to("/v1/admin/users/import?dry_run=true"),
    ] {
        let report = app.make(&call).expect(200).json();
        assert_fits(
            &document,
            &json!({"$ref": "#/components/schemas/ImportReport"}),
            &report,
        );
        let failure = json!({"$ref": "#/components/schemas/ImportFailure"});
        for it in report["failures"].as_array().unwrap() {
            assert_fits(&document, &failure, it);
        }
        assert_ne!(report["failures"], json!([]));
    }
}
