//! How the courier does each kind of task.

pub(super) mod deliver;
pub(super) mod forget;
mod hand_over;
pub(super) mod imitate;
pub(super) mod notify;
pub(super) mod recover;
mod renew;
