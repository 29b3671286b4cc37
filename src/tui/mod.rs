//! The desk: panes on a terminal.
