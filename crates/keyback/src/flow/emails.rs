//! What happens to emails after they are sent, and sending failed ones again.

pub mod feedback;
pub mod retry;
pub mod secrets;
