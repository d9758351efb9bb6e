//! One call of the document.

use std::collections::BTreeMap;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::http::ProblemType;

mod refusal;

pub(super) use self::refusal::refusal;

/// Generates the schema of a type, and adds the types that it refers to.
type Shape = fn(&mut SchemaGenerator) -> Schema;

/// A media type, its schema and an example.
type Content = (&'static str, Value, Value);

/// A call, as the document has it.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Its handler, as `http/routes.rs` names it.
    pub(super) handler: &'static str,
    pub(super) method: &'static str,
    /// The path, with its parameters in braces.
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: &'static str,
    /// The caller needs one of these.
    pub(super) scopes: &'static [&'static str],
    parameters: Vec<Value>,
    /// Whether a body is required, and its schema and an example by media type.
    body: Option<(bool, Vec<Content>)>,
    answers: Vec<Answer>,
    /// The problems that are specific to this call.
    pub(super) own_problems: Vec<ProblemType>,
    /// Whether the call may hash a password.
    pub(super) may_hash: bool,
}

#[derive(Debug, Clone)]
struct Answer {
    status: &'static str,
    about: &'static str,
    content: Option<(&'static str, Shape)>,
    example: Option<Value>,
    headers: Vec<&'static str>,
    links: Map<String, Value>,
}

/// A segment of a path.
const SEGMENT: &str = "^[A-Za-z0-9_-]{1,64}$";

impl Call {
    pub(super) fn new(
        handler: &'static str,
        (method, path): (&'static str, &'static str),
        id: &'static str,
        tag: &'static str,
    ) -> Self {
        let call = Self {
            handler,
            method,
            path,
            id,
            tag,
            summary: "",
            description: "",
            scopes: &[],
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            own_problems: Vec::new(),
            may_hash: false,
        };
        let names = path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'));
        names.fold(call, |call, (name, _)| call.in_path(name))
    }

    fn in_path(mut self, name: &str) -> Self {
        let (schema, about) = match name {
            "id" if self.path.starts_with("/v1/admin/users") => (
                super::schema::account_id(),
                "ID of the account, percent-encoded.",
            ),
            "id" => (super::schema::form(SEGMENT), "ID of the email."),
            "job" => (super::schema::form(SEGMENT), "ID of the job."),
            _ => (
                super::schema::text(),
                "Name of one of the configured providers.",
            ),
        };
        self.parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": about, "schema": schema,
        }));
        self
    }

    pub(super) fn about(mut self, summary: &'static str, description: &'static str) -> Self {
        (self.summary, self.description) = (summary, description);
        self
    }

    pub(super) fn scope(mut self, scopes: &'static [&'static str]) -> Self {
        self.scopes = scopes;
        self
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "schemas are made where they are passed"
    )]
    pub(super) fn query(mut self, name: &str, schema: Value, about: &str) -> Self {
        self.parameters
            .push(json!({"name": name, "in": "query", "description": about, "schema": schema}));
        self
    }

    pub(super) fn body(self, schema: Value, example: Value) -> Self {
        self.bodies(true, vec![("application/json", schema, example)])
    }

    /// The body may be left out, or be `null`.
    pub(super) fn optional_body(self, mut schema: Value, example: Value) -> Self {
        schema["type"] = json!([schema["type"], "null"]);
        self.bodies(false, vec![("application/json", schema, example)])
    }

    pub(super) fn bodies(mut self, required: bool, bodies: Vec<Content>) -> Self {
        self.body = Some((required, bodies));
        self
    }

    /// An answer with a JSON body.
    pub(super) fn answers(
        self,
        status: &'static str,
        about: &'static str,
        shape: Shape,
        example: Value,
    ) -> Self {
        self.answers_as(status, about, ("application/json", shape), Some(example))
    }

    /// An answer with a body of another type.
    pub(super) fn answers_as(
        mut self,
        status: &'static str,
        about: &'static str,
        content: (&'static str, Shape),
        example: Option<Value>,
    ) -> Self {
        self.answers.push(Answer {
            status,
            about,
            content: Some(content),
            example,
            headers: Vec::new(),
            links: Map::new(),
        });
        self
    }

    /// An answer without a body.
    pub(super) fn answers_nothing(mut self, about: &'static str) -> Self {
        self.answers.push(Answer {
            status: "204",
            about,
            content: None,
            example: None,
            headers: Vec::new(),
            links: Map::new(),
        });
        self
    }

    /// Adds a header to the last answer.
    pub(super) fn header(mut self, name: &'static str) -> Self {
        self.answers.last_mut().unwrap().headers.push(name);
        self
    }

    /// Adds a link from the last answer to another call.
    pub(super) fn link(mut self, operation: &str, about: &str, mut target: Value) -> Self {
        target["operationId"] = operation.into();
        target["description"] = about.into();
        let links = &mut self.answers.last_mut().unwrap().links;
        links.insert(operation.to_owned(), target);
        self
    }

    pub(super) fn problems(mut self, problems: &[ProblemType]) -> Self {
        self.own_problems.extend(problems);
        self
    }

    /// Marks the call as one that may hash a password, and is refused on overload.
    pub(super) fn may_hash(mut self) -> Self {
        self.may_hash = true;
        self
    }

    /// Every problem that the call can be answered with.
    fn all_problems(&self) -> Vec<ProblemType> {
        use ProblemType as P;
        let mut all = self.own_problems.clone();
        if !self.scopes.is_empty() {
            all.extend([P::Unauthorized, P::Forbidden, P::RateLimited]);
        }
        if self.body.is_some() {
            all.extend([
                P::PayloadTooLarge,
                P::UnsupportedMediaType,
                P::ValidationFailed,
            ]);
        }
        if self.parameters.iter().any(|it| it["in"] == "query") {
            all.push(P::ValidationFailed);
        }
        if self.may_hash {
            all.push(P::Overloaded);
        }
        all.push(P::ServiceUnavailable);
        let known = P::ALL.iter().copied();
        known.filter(|kind| all.contains(kind)).collect()
    }

    /// The operation, with the responses for its problems.
    pub(super) fn operation(
        &self,
        generator: &mut SchemaGenerator,
        shared: &mut Map<String, Value>,
    ) -> Value {
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "responses": self.responses(generator, shared),
            "security": self.security(),
        });
        if !self.description.is_empty() {
            operation["description"] = self.description.into();
        }
        if !self.parameters.is_empty() {
            operation["parameters"] = json!(self.parameters);
        }
        if let Some((required, bodies)) = &self.body {
            let content: Map<String, Value> = bodies
                .iter()
                .map(|(media, schema, example)| {
                    (
                        (*media).to_owned(),
                        json!({"schema": schema, "example": example}),
                    )
                })
                .collect();
            operation["requestBody"] = json!({"required": required, "content": content});
        }
        operation
    }

    fn security(&self) -> Value {
        let alternatives = self
            .scopes
            .iter()
            .flat_map(|scope| ["apiKey", "jwt"].map(|scheme| json!({scheme: [scope]})));
        alternatives.collect()
    }

    fn responses(
        &self,
        generator: &mut SchemaGenerator,
        shared: &mut Map<String, Value>,
    ) -> Map<String, Value> {
        let mut responses = Map::new();
        for answer in &self.answers {
            responses.insert(answer.status.to_owned(), answer.response(generator));
        }
        let mut by_status: BTreeMap<u16, Vec<ProblemType>> = BTreeMap::new();
        for kind in self.all_problems() {
            by_status.entry(kind.status()).or_default().push(kind);
        }
        for (status, kinds) in by_status {
            let slugs: Vec<_> = kinds.iter().map(|kind| kind.slug()).collect();
            let name = slugs.join("_or_");
            responses.insert(
                status.to_string(),
                json!({"$ref": format!("#/components/responses/{name}")}),
            );
            shared.insert(name, refusal(&kinds));
        }
        responses
    }
}

impl Answer {
    fn response(&self, generator: &mut SchemaGenerator) -> Value {
        let mut response = json!({"description": self.about});
        let own = self
            .headers
            .iter()
            .map(|name| (*name, *name != "Link" && *name != "X-Next-Cursor"));
        response["headers"] = headers(own);
        if let Some((media, shape)) = &self.content {
            let schema = shape(generator);
            let mut content = json!({"schema": schema});
            if let Some(example) = &self.example {
                content["example"] = example.clone();
            }
            response["content"] = json!({*media: content});
        }
        if !self.links.is_empty() {
            response["links"] = Value::Object(self.links.clone());
        }
        response
    }
}

/// The headers `own` and those of all answers, each with whether it is always present.
fn headers<'a>(own: impl Iterator<Item = (&'a str, bool)>) -> Value {
    let common = super::COMMON_HEADERS.iter().map(|name| (*name, true));
    let all = common.chain(own).map(|(name, always)| {
        let shared = if always {
            name.to_owned()
        } else {
            format!("{name}-optional")
        };
        (
            name.to_owned(),
            json!({"$ref": format!("#/components/headers/{shared}")}),
        )
    });
    Value::Object(all.collect())
}
