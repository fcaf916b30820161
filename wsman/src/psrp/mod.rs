//! PSRP
