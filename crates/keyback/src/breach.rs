//! The call to the list of breached passwords.

use std::time::Duration;

use crate::model::base_url::BaseUrl;
use crate::model::breach::BreachQuery;
use crate::model::password::Password;
use crate::ports::{Env, HttpClient, NoAnswer};

/// The user waits for the answer, so the check gives up after this time.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Looks `password` up in its range of the list. An error says in our own words why there was no result.
///
/// # Errors
/// The text for the log, without anything from the answer.
pub(crate) async fn is_breached<E: Env>(
    env: &E,
    list: &BaseUrl,
    password: &Password,
) -> Result<bool, String> {
    let query = BreachQuery::new(password);
    let request = ::http::Request::get(list.join(&format!("/range/{}", query.prefix())))
        // Pads every range to the same number of lines, so that the size of the answer reveals nothing.
        .header("add-padding", "true")
        .header("user-agent", concat!("keyback/", env!("CARGO_PKG_VERSION")))
        .body(Vec::new())
        .map_err(|_| "the request could not be built".to_owned())?;
    let answer = env.http().send(request, TIMEOUT).await;
    let answer = answer.map_err(|why: NoAnswer| why.to_string())?;
    if answer.status() != 200 {
        return Err(format!("status {}", answer.status().as_u16()));
    }
    std::str::from_utf8(answer.body())
        .ok()
        .and_then(|range| query.is_listed(range))
        .ok_or_else(|| "not a range of hashes".to_owned())
}
