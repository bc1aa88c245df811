//! What an operator does with the real binary: imports, exports, erasures, bounces, users, the doctor.

#[cfg(test)]
mod operating {
    mod bounces;
    mod doctor;
    mod erasure;
    mod imports;
    mod sample;
    mod users;
}
