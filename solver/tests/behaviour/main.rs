//! What a caller can count on, seen from outside.

mod estate;
mod explains;
mod searches;
mod whys;
