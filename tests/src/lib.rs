//! The end-to-end tests of the built house; they live in `it/`.
