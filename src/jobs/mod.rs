//! Threads with names, and what they report.
