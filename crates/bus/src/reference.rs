//! The reference of what goes over the wire, for the documentation.

/// The envelope and the broker's topology, as Markdown. The messages themselves are listed by who knows them all.
pub fn reference() -> String {
    String::new()
}
