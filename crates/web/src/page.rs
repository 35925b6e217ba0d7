//! Lists come in pages with a cursor, never whole.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{ApiError, Code};

/// Most items in one page.
pub const MAX: i64 = 500;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    pub next_cursor: Option<String>,
}

/// How much of a list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    pub cursor: Option<String>,
}

impl PageQuery {
    /// The wanted number of items.
    ///
    /// # Errors
    /// [`Code::BadRequest`] outside 1 to 500.
    pub fn limit(&self) -> Result<i64, ApiError> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=MAX => Ok(limit),
            other => Err(ApiError::new(Code::BadRequest, format!("limit is 1 to {MAX}, not {other}."))),
        }
    }

    /// Where the page begins.
    ///
    /// # Errors
    /// [`Code::BadRequest`] where the cursor was not given out by this list.
    pub fn cursor<C: FromStr>(&self) -> Result<Option<C>, ApiError> {
        let parse = |text: &String| {
            text.parse().map_err(|_| {
                ApiError::new(Code::BadRequest, "cursor is not one that this list gave out.".to_owned())
            })
        };
        self.cursor.as_ref().map(parse).transpose()
    }
}

impl<T> Page<T> {
    /// The page of a list that was asked for one item more than `limit`; `cursor` names an item.
    pub fn of(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = Page::of(vec![1, 2, 3], 2, ToString::to_string);
        assert_eq!((page.items, page.next_cursor), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(Page::of(vec![1, 2], 2, ToString::to_string).next_cursor, None);
        assert!(PageQuery { limit: Some(501), cursor: None }.limit().is_err());
    }
}
