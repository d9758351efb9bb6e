//! `GET /v1/password-policy`

use serde_json::json;

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::model::base_url::BaseUrl;
use crate::model::password_policy::{MAX_LENGTH, MAX_OCTETS};
use crate::ports::Env;
use crate::settings::{self, AdminMayChoose, PasswordRules};

/// Returns the rules that the server applies, whether an administrator may type a password for a user, and a
/// `passwordrules` string for password managers (<https://developer.apple.com/password-rules/>).
pub async fn get<E: Env>(env: &E) -> Answer {
    answer(env).await.into()
}

async fn answer<E: Env>(env: &E) -> Result<Answer, Problem> {
    type Needed = (BaseUrl, PasswordRules, AdminMayChoose);
    let (_, rules, may_choose) = settings::load::<Needed>(env.variables()).await?;
    let policy = rules.policy;
    let min = policy.min_length;
    Ok(Answer::json(
        200,
        json!({
            "min_length": min,
            "max_length": MAX_LENGTH,
            "max_octets": MAX_OCTETS,
            "min_strength": policy.min_strength,
            "breach_check": rules.breach_list.is_some(),
            "admin_may_choose": may_choose.0,
            // A generated password as long as the shortest allowed could be too weak.
            "passwordrules": format!("minlength: {}; maxlength: {MAX_LENGTH};", min.max(16)),
        }),
    ))
}
