//! Speeds in the units that receivers print.

/// Metres in an international nautical mile (BIPM, SI brochure, table 8 of the 8th edition).
const METRES_PER_NAUTICAL_MILE: f64 = 1852.0;
const SECONDS_PER_HOUR: f64 = 3600.0;
/// Kilometres per hour in one metre per second.
const KM_H_PER_M_S: f64 = 3.6;

/// Knots to metres per second.
pub fn knots_to_m_s(knots: f64) -> f64 {
    knots * METRES_PER_NAUTICAL_MILE / SECONDS_PER_HOUR
}

/// Metres per second to knots.
pub fn m_s_to_knots(m_s: f64) -> f64 {
    m_s * SECONDS_PER_HOUR / METRES_PER_NAUTICAL_MILE
}

/// Kilometres per hour to metres per second.
pub fn km_h_to_m_s(km_h: f64) -> f64 {
    km_h / KM_H_PER_M_S
}

/// Metres per second to kilometres per hour.
pub fn m_s_to_km_h(m_s: f64) -> f64 {
    m_s * KM_H_PER_M_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_convert_both_ways() {
        assert_eq!(knots_to_m_s(3600.0), 1852.0);
        assert_eq!(m_s_to_knots(1852.0), 3600.0);
        assert_eq!(km_h_to_m_s(36.0), 10.0);
        assert_eq!(m_s_to_km_h(10.0), 36.0);
    }
}
