//! Rebuilds the program when the cards or the index settings that it carries change.

fn main() {
    println!("cargo:rerun-if-changed=cards");
    println!("cargo:rerun-if-changed=index");
}
