//! What an import would do: the same checks, and nothing is created.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::accounts::create::{Draft, InitialPassword};
use crate::flow::accounts::import::{
    CONFLICT, LineFailure, LineOutcome, MAX_CLEAR, find_outcome_for,
};
use crate::flow::events::Caller;
use crate::model::id::AccountId;
use crate::model::password_policy::PasswordPolicy;
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;

/// A running preview. It remembers the accounts that the lines so far would create.
#[derive(Debug, Default)]
pub struct Preview {
    /// The digests of the addresses, by id for those that have one.
    by_id: BTreeMap<AccountId, String>,
    addresses: BTreeSet<String>,
    passwords: usize,
}

impl Preview {
    /// Returns what the outcome of each draft would be.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn run<E: Env>(
        &mut self,
        cx: &Cx<'_, E>,
        policy: &PasswordPolicy,
        drafts: &[Draft],
        by: &Caller,
    ) -> Result<Vec<LineOutcome>, Unavailable> {
        let looks = drafts.iter().map(|draft| find_outcome_for(cx, draft, by));
        let found = futures::future::try_join_all(looks).await?;
        let lines = drafts.iter().zip(found);
        let outcomes = lines.map(|(draft, found)| match found {
            Some(outcome) => outcome,
            None => self.check_line(policy, draft),
        });
        Ok(outcomes.collect())
    }

    /// The outcome of a draft whose id and address are free so far.
    fn check_line(&mut self, policy: &PasswordPolicy, draft: &Draft) -> LineOutcome {
        let digest = draft.email.digest();
        let same_id = draft.id.as_ref().and_then(|id| self.by_id.get(id));
        match (same_id, self.addresses.contains(&digest)) {
            (Some(address), _) if *address == digest => return LineOutcome::Unchanged,
            (None, false) => {}
            _ => return CONFLICT,
        }
        if let Some(InitialPassword::Clear(password)) = &draft.password {
            self.passwords = self.passwords.saturating_add(1);
            if self.passwords > MAX_CLEAR {
                return LineOutcome::Failed(LineFailure::TooManyPasswords);
            }
            if !policy.violations(password, &draft.email).is_empty() {
                return LineOutcome::Failed(LineFailure::PasswordRejected);
            }
        }
        if let Some(id) = &draft.id {
            self.by_id.insert(id.clone(), digest.clone());
        }
        self.addresses.insert(digest);
        LineOutcome::Created
    }
}
