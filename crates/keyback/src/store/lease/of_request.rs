//! Leases that a request holds until its response. It releases them with the rest of its deferred work.

use crate::ports::{Clock, Env, Unavailable};
use crate::store::cx::Cx;
use crate::store::lease::{Begun, Held, Lease, Neighbour, Term};

impl Lease {
    /// As [`Lease::wait`], and the result of `read` under the lease. If nobody else wants the lease, it takes two round
    /// trips.
    ///
    /// # Errors
    /// Those of `read`, and [`Unavailable::Store`]; then nothing was done.
    pub async fn wait_and_read<E: Env, T>(
        cx: &mut Cx<'_, E>,
        name: &str,
        read: impl AsyncFn(&Cx<'_, E>) -> Result<T, Unavailable>,
    ) -> Result<(Held, T), Unavailable> {
        let store = cx.store();
        let now = cx.env.clock().now();
        if let Some(begun) = Begun::begin(store, name, Term::Change, now).await? {
            let (confirmed, early) = futures::join!(begun.confirm(store), read(cx));
            if let Some((lease, neighbour)) = confirmed? {
                let held = lease.held();
                cx.deferred.leases.push(lease);
                let found = match neighbour {
                    Neighbour::Absent | Neighbour::Dead => early?,
                    // Its holder may have written after the first read.
                    Neighbour::GivenBack => read(cx).await?,
                };
                return Ok((held, found));
            }
        }
        let held = Self::wait(cx, name).await?;
        Ok((held, read(cx).await?))
    }

    /// The lease on `name` for one change, waiting for other holders to finish: up to about 13 seconds, after which a
    /// dead holder's lease has run out. It is released after the response.
    ///
    /// # Errors
    /// [`Unavailable::Store`], also if it stays taken; then nothing was done.
    pub async fn wait<E: Env>(cx: &mut Cx<'_, E>, name: &str) -> Result<Held, Unavailable> {
        Self::acquire_all(cx, &[name.to_owned()]).await
    }

    /// All of the leases on `names`, as [`Lease::wait`].
    ///
    /// # Errors
    /// As [`Lease::wait`].
    pub async fn acquire_all<E: Env>(
        cx: &mut Cx<'_, E>,
        names: &[String],
    ) -> Result<Held, Unavailable> {
        let mut leases = Self::wait_for_all(cx.env, names).await?;
        let held = Held::by(&leases, cx.now);
        cx.deferred.leases.append(&mut leases);
        Ok(held)
    }
}
