//! Entries, and what becomes of them over time.
