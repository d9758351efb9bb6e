//! What a manifest may contain, and what it is refused for.

use super::*;

const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"app\"\n";

const SMALL: &str = r#"
[variables]
origin = { default = "" }
key = { required = true, secret = true, description = "signs" }

[[trigger.http]]
route = "/one"
component = "one"

[[trigger.http]]
route = "/two/..."
component = { source = "two.wasm" }

[component.one]
source = "build/one.wasm"
description = "the first"
key_value_stores = ["default"]
allowed_outbound_hosts = ["https://example.com", "{{ origin }}"]
environment = { MODE = "test" }
files = []

[component.one.variables]
key = "{{ key }}"

[component.one.build]
command = ["first", "second"]
workdir = "one"
watch = ["src/**"]
"#;

fn parse(body: &str) -> Result<Manifest> {
    Manifest::parse(&format!("{HEAD}{body}"), Path::new("/app"))
}

fn refusal(body: &str) -> String {
    match parse(body) {
        Ok(_) => panic!("accepted: {body}"),
        Err(error) => format!("{error:#}"),
    }
}

fn component(fields: &str) -> String {
    format!(
        "[[trigger.http]]\nroute = \"/\"\ncomponent = \"one\"\n[component.one]\nsource = \"one.wasm\"\n{fields}"
    )
}

#[test]
fn a_manifest_is_read() {
    let manifest = parse(SMALL).unwrap();
    assert_eq!(manifest.name, "app");
    assert_eq!(manifest.variables["origin"].as_deref(), Some(""));
    assert_eq!(manifest.variables["key"], None);
    assert_eq!(manifest.routes[0].pattern, "/one");
    assert_eq!(manifest.routes[0].component, "one");

    let one = &manifest.components["one"];
    assert_eq!(one.source, Path::new("/app/build/one.wasm"));
    assert_eq!(one.variables["key"].source(), "{{ key }}");
    assert!(one.key_value_stores.contains("default"));
    assert_eq!(one.allowed_outbound_hosts.len(), 2);
    assert_eq!(one.environment["MODE"], "test");
    let build = one.build.as_ref().unwrap();
    assert_eq!(build.commands, ["first", "second"]);
    assert_eq!(build.folder, Path::new("/app/one"));
}

#[test]
fn an_inline_component_gets_an_id_from_its_trigger() {
    let manifest = parse(SMALL).unwrap();
    assert_eq!(manifest.routes[1].component, "http-trigger2-component");
    assert!(manifest.components.contains_key("http-trigger2-component"));
}

#[test]
fn an_absolute_source_is_kept() {
    let body = component("").replace("one.wasm", "/elsewhere/one.wasm");
    assert_eq!(
        parse(&body).unwrap().components["one"].source,
        Path::new("/elsewhere/one.wasm")
    );
}

#[test]
fn what_the_host_does_not_support_is_refused_by_name() {
    for (field, name) in [
        ("files = [\"assets/*\"]", "`files`"),
        ("sqlite_databases = [\"default\"]", "`sqlite_databases`"),
        ("ai_models = [\"llama\"]", "`ai_models`"),
        (
            "allowed_http_hosts = [\"example.com\"]",
            "`allowed_http_hosts`",
        ),
        ("dependencies = { \"a:b\" = \"1.0\" }", "`dependencies`"),
        ("allowed_outbound_hosts = [\"http://10.0.0.0/8\"]", "CIDR"),
        (
            "allowed_outbound_hosts = [\"http://other.spin.internal\"]",
            "service chaining",
        ),
        (
            "allowed_outbound_hosts = [\"http://self\"]",
            "service chaining",
        ),
    ] {
        let refusal = refusal(&component(field));
        assert!(
            refusal.contains(name) && refusal.contains("component `one`"),
            "{refusal}"
        );
    }
    let url = component("").replace(
        "\"one.wasm\"",
        "{ url = \"https://example.com/a.wasm\", digest = \"sha256:0\" }",
    );
    assert!(refusal(&url).contains("URL"));
}

#[test]
fn triggers_that_the_host_does_not_support_are_refused_by_name() {
    let source = "[component.one]\nsource = \"one.wasm\"\n";
    for (trigger, name) in [
        (
            "[[trigger.redis]]\nchannel = \"c\"\ncomponent = \"one\"\n",
            "`redis`",
        ),
        (
            "[[trigger.http]]\nroute = { private = true }\ncomponent = \"one\"\n",
            "private routes",
        ),
        (
            "[[trigger.http]]\nroute = \"/\"\nstatic_response = { body = \"hi\" }\n",
            "static responses",
        ),
        (
            "[[trigger.http]]\nroute = \"/\"\ncomponent = \"one\"\nexecutor = { type = \"wagi\" }\n",
            "`wagi`",
        ),
        (
            "[[trigger.http]]\nroute = \"/\"\ncomponent = \"other\"\n",
            "`other`",
        ),
        ("[[trigger.http]]\nroute = \"/\"\n", "no component"),
        ("", "no [[trigger.http]]"),
    ] {
        let refusal = refusal(&format!("{trigger}{source}"));
        assert!(refusal.contains(name), "{refusal}");
    }
}

#[test]
fn a_variable_is_either_required_or_has_a_default() {
    for variable in [
        "{}",
        "{ required = true, default = \"\" }",
        "{ required = false }",
    ] {
        let refusal = refusal(&format!("[variables]\nkey = {variable}\n{}", component("")));
        assert!(refusal.contains("`key`"), "{refusal}");
    }
}

#[test]
fn templates_name_declared_variables_only() {
    assert!(refusal(&component("variables = { a = \"{{ b }}\" }")).contains("`b`"));
    assert!(refusal(&component("allowed_outbound_hosts = [\"{{ b }}\"]")).contains("`b`"));
}

#[test]
fn unknown_fields_and_other_versions_are_refused() {
    assert!(refusal(&component("colour = \"red\"")).contains("colour"));
    let other = Manifest::parse(
        &format!("{HEAD}{SMALL}").replace("version = 2", "version = 1"),
        Path::new("/app"),
    );
    assert!(other.is_err());
}

#[test]
fn a_folder_stands_for_its_manifest() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spin.toml"), format!("{HEAD}{SMALL}")).unwrap();
    assert_eq!(Manifest::load(folder.path()).unwrap().folder, folder.path());
    assert!(Manifest::load(&folder.path().join("none")).is_err());
}
