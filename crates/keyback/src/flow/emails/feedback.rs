//! Recording what a provider reports about emails that it accepted.

use crate::model::email::{DeliveryReport, EmailFeedback, EmailState};
use crate::model::event::{AboutEmail, Event, EventType};
use crate::model::id::EventId;
use crate::model::measured::Measured;
use crate::ports::{Env, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::lease::{Held, Lease};
use crate::store::outbox;

/// Records the reports with their emails and as events of the accounts. A report that is a repeat, or about an unknown
/// email, changes nothing, so a provider may send it twice.
///
/// # Errors
/// [`Unavailable`]; the provider will send the reports again.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    reports: Vec<DeliveryReport>,
) -> Result<(), Unavailable> {
    for report in reports {
        if outbox::exists(cx.store(), &report.email_id).await? {
            // Under a lease, so that each of several concurrent reports is compared with the one before it.
            let name = outbox::lease_name(&report.email_id);
            Lease::with(cx.env, &name, async |held| note(cx, report, held).await).await?;
        }
    }
    Ok(())
}

async fn note<E: Env>(
    cx: &mut Cx<'_, E>,
    report: DeliveryReport,
    held: Held,
) -> Result<(), Unavailable> {
    let DeliveryReport {
        email_id,
        state,
        reason,
    } = report;
    let kind = match state {
        EmailState::Delivered => EventType::EmailDelivered,
        EmailState::Bounced => EventType::EmailBounced,
        EmailState::Complained => EventType::EmailComplained,
        EmailState::Pending | EmailState::Sent | EmailState::Failed | EmailState::Expired => {
            return Ok(());
        }
    };
    let Some(found) = outbox::find(cx.store(), &email_id).await? else {
        return Ok(());
    };
    let feedback = EmailFeedback {
        state,
        at: cx.now,
        reason: reason.clone(),
    };
    if !feedback.replaces(found.feedback.as_ref()) {
        return Ok(());
    }
    let about = AboutEmail {
        id: email_id.clone(),
        kind: found.email.kind,
    };
    let id = EventId::of_email(&email_id, state.as_str());
    let mut batch = Batch::default();
    let account_id = found.email.account_id;
    batch.event(Event::of_email(id, kind, about, account_id, reason, cx.now));
    outbox::replace_feedback(&mut batch, &email_id, &feedback)?;
    batch.under(held);
    batch.commit(cx).await?;
    let provider = found.email.provider.as_deref();
    cx.env.meter().note(&Measured::Email { state, provider });
    Ok(())
}
