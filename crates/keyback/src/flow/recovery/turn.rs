//! Taking turns: of the requests that may issue for one account at the same time, one issues, and the others see that it
//! has.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::id::AccountId;
use crate::model::recovery::{IssueClaim, Recovery, attempts_day};
use crate::ports::{Clock, Env, SecureRandom as _, Unavailable};
use crate::store::accounts;
use crate::store::cx::{Cx, UnusedClaim};
use crate::store::lease::Held;
use crate::store::recoveries::{self, TURN};

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Waits for at most this many earlier claims, however many there are.
const MOST_TURNS: u32 = 6;
/// Waits for as many looks, whatever the clock does meanwhile.
const MOST_LOOKS: u32 = 800;

/// The right to issue, and the account and its recovery as they were when the turn came.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) claim: IssueClaim,
    /// The day's attempts at codes when the turn was claimed.
    pub(crate) attempts_before: i64,
    pub(crate) account: Account,
    pub(crate) recovery: Recovery,
    pub(crate) until: Timestamp,
}

/// When the latest successful claim issued: not before `earliest`, and by `latest`.
#[derive(Debug, Clone, Copy)]
struct Change {
    earliest: Timestamp,
    latest: Timestamp,
}

impl Turn {
    /// Claims the right to issue for `account`, and waits until the claim before it has issued or given up. Returns
    /// `None` if `still_wanted` refuses the account and its recovery as they are by then, or if the account is gone.
    /// Unless a batch is written [in the turn](crate::store::batch::Batch::in_turn), the claim is given back after the response, or
    /// [with a decoy](recoveries::give_back_with).
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(crate) async fn take<E: Env>(
        cx: &mut Cx<'_, E>,
        account: Account,
        recovery: Recovery,
        still_wanted: impl Fn(&Account, &Recovery) -> bool,
    ) -> Result<Option<Self>, Unavailable> {
        let (env, store) = (cx.env, cx.store());
        let began = env.clock().now();
        let day = attempts_day(began);
        let (claim, attempts_before) = recoveries::claim_issue(store, &account.id, day).await?;
        cx.deferred.unused_claim = Some(unused(&account.id, claim, began));
        let mut turn = Self {
            claim,
            attempts_before,
            account,
            recovery,
            until: began,
        };
        let claimed_after = turn.recovery.claim;
        let (mut looked_at, mut has_waited) = (began, false);
        // Every later claim is counted after this `earliest`, whatever it reads.
        let mut change = Change {
            earliest: began,
            latest: env.clock().now(),
        };
        for _ in 0..MOST_LOOKS {
            // A claim issues within its `TURN` or not at all. So each claim waits one `TURN` for every claim before it. An
            // answer may come late, so what counts is when the store was asked.
            let waits = TURN.saturating_mul(turn.turns_before());
            if waits.is_zero() || looked_at >= change.latest.plus(waits) {
                turn.until = change.earliest.plus(waits).plus(TURN);
                if has_waited {
                    turn.claim.given_back = None;
                }
                return Ok(Some(turn));
            }
            env.clock().sleep(BETWEEN_LOOKS).await;
            has_waited = true;
            let id = turn.account.id.clone();
            let last_look = std::mem::replace(&mut looked_at, env.clock().now());
            let (account, recovery) =
                futures::join!(accounts::find(store, &id), recoveries::find(store, &id));
            let recovery = recovery?.unwrap_or_default();
            if recovery.claim != turn.recovery.claim {
                change = Change {
                    earliest: last_look,
                    latest: env.clock().now(),
                };
            }
            turn.recovery = recovery;
            let account = account?;
            let is_gone = account.is_none();
            let is_lost = turn.recovery.claim != claimed_after;
            let Some(account) = account.filter(|account| still_wanted(account, &turn.recovery))
            else {
                give_up(cx, is_gone, is_lost).await?;
                return Ok(None);
            };
            turn.account = account;
        }
        Err(Unavailable::Store(
            "timed out waiting for a turn".to_owned(),
        ))
    }

    /// As [`Turn::take`], with the account's lease. Returns `None` if the account is gone.
    ///
    /// Waiting for the lease may take longer than a turn, such as after a holder that died. Then another turn is taken,
    /// under the lease.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(crate) async fn take_and_lease<E: Env>(
        cx: &mut Cx<'_, E>,
        account: Account,
        recovery: Recovery,
    ) -> Result<Option<(Self, Held)>, Unavailable> {
        let id = account.id.clone();
        let Some(turn) = Self::take(cx, account, recovery, |_, _| true).await? else {
            return Ok(None);
        };
        let held = accounts::lease(cx, &id).await?;
        if cx.env.clock().now() < turn.until {
            return Ok(Some((turn, held)));
        }
        // It had its turn: whoever claims from now on waits for those that came after it only.
        cx.deferred.unused_claim = None;
        let mut recovery = recoveries::find(cx.store(), &id).await?.unwrap_or_default();
        if recovery.claim == turn.recovery.claim {
            recovery.claim = Some(turn.claim);
        }
        let turn = Self::take(cx, turn.account, recovery, |_, _| true).await?;
        Ok(turn.map(|turn| (turn, held)))
    }

    /// How many claims may issue before this one.
    fn turns_before(&self) -> u32 {
        let before = self.recovery.claims_before(self.claim);
        // A later claim has issued already. The one after it may be about to.
        u32::try_from(before).map_or(1, |before| before.min(MOST_TURNS))
    }

    /// Takes a turn for an account that does not exist, with the same calls to the store. If the request has lost its turn for
    /// one that exists, it has made them already.
    ///
    /// # Errors
    /// [`Unavailable::Store`] or [`Unavailable::Random`].
    pub(crate) async fn imitate<E: Env>(
        cx: &mut Cx<'_, E>,
        account: Account,
    ) -> Result<Self, Unavailable> {
        let (env, store) = (cx.env, cx.store());
        let lost = cx.deferred.unused_claim.as_ref();
        let claim = if let Some(lost) = lost.filter(|unused| unused.is_lost) {
            // This request has made its call for a claim.
            lost.claim
        } else {
            let mut coin = [0];
            env.random().fill(&mut coin)?;
            let claim = recoveries::imitate_claim(store, &account.id, coin[0] < 128).await?;
            cx.deferred.unused_claim = Some(unused(&account.id, claim, env.clock().now()));
            claim
        };
        Ok(Self {
            claim,
            attempts_before: 0,
            account,
            recovery: Recovery::default(),
            until: env.clock().now().plus(TURN),
        })
    }
}

/// Gives the claim back: at once, or with a decoy if another request has had the turn.
async fn give_up<E: Env>(
    cx: &mut Cx<'_, E>,
    is_gone: bool,
    is_lost: bool,
) -> Result<(), Unavailable> {
    if is_gone {
        // The counter may be gone with the account.
        cx.deferred.unused_claim = None;
    } else if is_lost && let Some(unused) = &mut cx.deferred.unused_claim {
        unused.is_lost = true;
    } else {
        recoveries::return_unused_claim(cx.env, &mut cx.deferred).await?;
    }
    Ok(())
}

fn unused(account: &AccountId, claim: IssueClaim, began: Timestamp) -> UnusedClaim {
    UnusedClaim {
        account_id: account.clone(),
        claim,
        is_lost: false,
        until: began.plus(TURN),
    }
}
