//! Points in time of the standard library, and with the feature `jiff` those of jiff.

use std::time::{Duration, SystemTime};

use speedate::{DateTimeConfig, TimestampUnit};

use super::{DateTime, TimeError, config, within_calendar};

const MICROS: i128 = 1_000_000;

impl DateTime {
    /// The time of the system's clock, in UTC. A clock that is set beyond the year 9999 shows the end of that year.
    #[must_use]
    pub fn now() -> Self {
        Self::try_from(SystemTime::now()).unwrap_or(Self(speedate::DateTime {
            date: speedate::Date { year: 9999, month: 12, day: 31 },
            time: speedate::Time {
                hour: 23,
                minute: 59,
                second: 59,
                microsecond: 999_999,
                tz_offset: Some(0),
            },
        }))
    }

    /// Microseconds since 1970 in UTC; a naive time is taken as UTC.
    #[must_use]
    pub fn unix_microseconds(&self) -> i64 {
        // The years 1 to 9999 are less than 2^59 microseconds.
        self.0.timestamp_tz() * 1_000_000 + i64::from(self.0.time.microsecond)
    }

    /// A point in time from microseconds since 1970, as clocks at an offset (in seconds east of UTC) show it.
    fn from_microseconds(microseconds: i128, offset: i32) -> Result<Self, TimeError> {
        let outside = || TimeError("expected a year between 1 and 9999".to_owned());
        let local = microseconds + i128::from(offset) * MICROS;
        let seconds = i64::try_from(local.div_euclid(MICROS)).map_err(|_| outside())?;
        let fraction = u32::try_from(local.rem_euclid(MICROS)).map_err(|_| outside())?;
        let time_config =
            speedate::TimeConfig { unix_timestamp_offset: Some(offset), ..config().time_config };
        let config = DateTimeConfig { time_config, timestamp_unit: TimestampUnit::Second };
        let time = speedate::DateTime::from_timestamp_with_config(seconds, fraction, &config)
            .map_err(|_| outside())?;
        within_calendar(time.date.year).map_err(|_| outside())?;
        Ok(Self(time))
    }
}

impl TryFrom<SystemTime> for DateTime {
    type Error = TimeError;

    /// The time in UTC; what is finer than a microsecond is cut.
    ///
    /// # Errors
    /// When the year is not between 1 and 9999.
    fn try_from(time: SystemTime) -> Result<Self, TimeError> {
        let microseconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i128::try_from(since.as_nanos()).map(|nanoseconds| nanoseconds / 1000),
            Err(before) => i128::try_from(before.duration().as_nanos())
                .map(|nanoseconds| (-nanoseconds).div_euclid(1000)),
        };
        let microseconds = microseconds.map_err(|error| TimeError(error.to_string()))?;
        Self::from_microseconds(microseconds, 0)
    }
}

impl TryFrom<&DateTime> for SystemTime {
    type Error = TimeError;

    /// The moment; a naive time is taken as UTC.
    ///
    /// # Errors
    /// When the system's clock cannot show it: on Windows, before 1601.
    fn try_from(time: &DateTime) -> Result<Self, TimeError> {
        let microseconds = time.unix_microseconds();
        let distance = Duration::from_micros(microseconds.unsigned_abs());
        let time = if microseconds < 0 {
            Self::UNIX_EPOCH.checked_sub(distance)
        } else {
            Self::UNIX_EPOCH.checked_add(distance)
        };
        time.ok_or_else(|| TimeError("the system's clock cannot show this time".to_owned()))
    }
}

#[cfg(feature = "jiff")]
mod of_jiff {
    use super::{DateTime, TimeError};

    fn refused(error: &jiff::Error) -> TimeError {
        TimeError(error.to_string())
    }

    impl TryFrom<jiff::Timestamp> for DateTime {
        type Error = TimeError;

        /// The time in UTC; what is finer than a microsecond is cut.
        ///
        /// # Errors
        /// When the year is not between 1 and 9999.
        fn try_from(time: jiff::Timestamp) -> Result<Self, TimeError> {
            Self::from_microseconds(time.as_nanosecond().div_euclid(1000), 0)
        }
    }

    impl TryFrom<&jiff::ZonedDateTime> for DateTime {
        type Error = TimeError;

        /// The time with its offset from UTC: the wire has no names of zones. What is finer than a microsecond is cut.
        ///
        /// # Errors
        /// When the year is not between 1 and 9999, or the offset is a day or more.
        fn try_from(time: &jiff::ZonedDateTime) -> Result<Self, TimeError> {
            Self::from_microseconds(
                time.timestamp().as_nanosecond().div_euclid(1000),
                time.offset().seconds(),
            )
        }
    }

    impl TryFrom<&DateTime> for jiff::Timestamp {
        type Error = TimeError;

        /// The moment; a naive time is taken as UTC.
        ///
        /// # Errors
        /// When it is in the last day of the year 9999, which jiff cannot show at every offset.
        fn try_from(time: &DateTime) -> Result<Self, TimeError> {
            Self::from_microsecond(time.unix_microseconds()).map_err(|error| refused(&error))
        }
    }

    impl TryFrom<&DateTime> for jiff::ZonedDateTime {
        type Error = TimeError;

        /// The time at its offset from UTC; a naive time is taken as UTC.
        ///
        /// # Errors
        /// As for [`jiff::Timestamp`].
        fn try_from(time: &DateTime) -> Result<Self, TimeError> {
            let offset = jiff::tz::Offset::from_seconds(time.0.time.tz_offset.unwrap_or(0))
                .map_err(|error| refused(&error))?;
            Ok(jiff::Timestamp::try_from(time)?.to_zoned_datetime(jiff::tz::TimeZone::fixed(offset)))
        }
    }
}
