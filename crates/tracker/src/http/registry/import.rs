//! Many devices at once, from a table as spreadsheets write it.

use actix_web::{HttpRequest, web};
use fairlead_model::Imei;
use fairlead_model::device::DeviceKind;
use fairlead_store::registry::ModemChoice;
use fairlead_store::registry::import::{self, Imported, Line, Looked};
use fairlead_web::{ApiError, Code, Operator};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{body, tell};
use crate::service::State;

/// Most lines of a table.
const MOST: usize = 5_000;

/// Most bytes of a table.
const MOST_BYTES: usize = 1024 * 1024;

/// How a table is taken.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// Only say what would be made.
    #[serde(default)]
    dry_run: bool,
}

/// What became of a table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportReport {
    /// Each line.
    rows: Vec<ImportRow>,
    /// How many devices were made: all, or none.
    made: usize,
    /// Whether they were made.
    done: bool,
}

/// What became of a line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportRow {
    /// Where it stands, the header being line 1.
    line: u64,
    /// The device's name; `null` where it is going to be drawn.
    name: Option<String>,
    /// What the device is.
    kind: Option<DeviceKind>,
    /// The modem in it.
    #[schema(value_type = Option<String>)]
    imei: Option<Imei>,
    /// Whether nothing stands against it.
    ok: bool,
    /// What does, a sentence each.
    errors: Vec<String>,
}

/// Makes the devices of a table, all or none. Its first line names the columns: `kind`, and if wanted `name` (empty: the
/// next one is drawn), one of `imei`, `serial` and `modem` (whichever of IMEI, number of old scripts and id), and
/// `groups`, parted by `;`. A modem that has not been heard yet is made known by its IMEI. At most 5,000 lines and 1 MiB.
#[utoipa::path(post, path = "/api/v1/devices/import", tag = "devices", params(ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "What became of each line; `done` says whether they were made", body = ImportReport),
        (status = 400, description = "It is no such table", body = fairlead_web::error::ProblemJson),
        (status = 413, body = fairlead_web::error::ProblemJson),
        (status = 415, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn import(
    caller: Operator,
    state: web::Data<State>,
    request: HttpRequest,
    query: web::Query<ImportQuery>,
    payload: web::Payload,
) -> Result<web::Json<ImportReport>, ApiError> {
    let kind = request.headers().get("Content-Type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("text/csv") {
        return Err(ApiError::new(Code::WrongType, "A table is sent as text/csv."));
    }
    let lines = read(&body::read(payload, MOST_BYTES).await?)?;
    let clock = state.clock.clone();
    let imported = if query.dry_run {
        state.store.read(move |conn| import::look(conn, clock.now(), &lines)).await?
    } else {
        let actor = caller.0.name;
        state.store.write(move |tx| import::run(tx, &clock, &lines, &actor)).await?
    };
    let Imported { lines, devices, modems } = imported;
    let made = devices.len();
    tell(&state, devices, modems);
    let done = made == lines.len() && made > 0;
    Ok(web::Json(ImportReport { rows: lines.into_iter().map(row).collect(), made, done }))
}

fn row(looked: Looked) -> ImportRow {
    let Looked { line, name, kind, imei, errors } = looked;
    ImportRow { line, name, kind, imei, ok: errors.is_empty(), errors }
}

/// Which column is where.
#[derive(Default)]
struct Columns {
    kind: Option<usize>,
    name: Option<usize>,
    modem: Option<(usize, Names)>,
    groups: Option<usize>,
}

/// How a column names modems.
#[derive(Clone, Copy)]
enum Names {
    Imei,
    Serial,
    Any,
}

/// The lines of a table.
fn read(body: &[u8]) -> Result<Vec<Line>, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| bad("The table is not UTF-8. Save it as CSV UTF-8."))?;
    // Spreadsheets begin with a mark of their own.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let unread = |e: csv::Error| bad(&format!("The table cannot be read: {e}."));
    let header = reader.headers().map_err(unread)?.clone();
    let columns = Columns::of(&header)?;
    let mut lines = Vec::new();
    let mut counted = Counted { text: text.as_bytes(), byte: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(unread)?;
        let at = counted.line_at(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(str::is_empty) {
            continue;
        }
        if lines.len() == MOST {
            return Err(bad(&format!("A table has at most {MOST} lines. Send it in parts.")));
        }
        lines.push(columns.line(at, &record, header.len()));
    }
    if lines.is_empty() {
        return Err(bad("The table has no lines behind its header."));
    }
    Ok(lines)
}

/// Counts lines as an editor does: the reader of tables counts neither empty ones nor those of Windows so.
struct Counted<'t> {
    text: &'t [u8],
    byte: usize,
    line: u64,
}

impl Counted<'_> {
    /// The line of the first character at or behind a byte that ends no line; bytes come in order.
    fn line_at(&mut self, byte: u64) -> u64 {
        let wanted = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(c) = self.text.get(self.byte) {
            if self.byte >= wanted && !matches!(c, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*c == b'\n');
            self.byte += 1;
        }
        self.line
    }
}

fn bad(sentence: &str) -> ApiError {
    ApiError::new(Code::BadRequest, sentence)
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, ApiError> {
        let mut columns = Self::default();
        for (at, name) in header.iter().enumerate() {
            let name = name.to_ascii_lowercase();
            let again = match name.as_str() {
                "kind" => columns.kind.replace(at).is_some(),
                "name" => columns.name.replace(at).is_some(),
                "groups" => columns.groups.replace(at).is_some(),
                "imei" => columns.modem.replace((at, Names::Imei)).is_some(),
                "serial" => columns.modem.replace((at, Names::Serial)).is_some(),
                "modem" => columns.modem.replace((at, Names::Any)).is_some(),
                other => {
                    let shown: String = other.chars().take(80).collect();
                    return Err(bad(&format!(
                        "`{shown}` is no column: kind, name, one of imei, serial and modem, and groups, parted by commas."
                    )));
                }
            };
            if again {
                return Err(bad("Each column is there once, and only one of imei, serial and modem."));
            }
        }
        if columns.kind.is_none() {
            return Err(bad(
                "The first line names the columns, as `kind,name,imei,groups`; `kind` must be there.",
            ));
        }
        Ok(columns)
    }

    fn line(&self, at: u64, record: &csv::StringRecord, wide: usize) -> Line {
        let field = |column: Option<usize>| {
            column.and_then(|at| record.get(at)).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let mut errors = Vec::new();
        if record.len() != wide {
            errors.push(format!("The line has {} columns, the header {wide}.", record.len()));
        }
        let kind = match field(self.kind).unwrap_or_default().to_ascii_lowercase().parse::<DeviceKind>() {
            Ok(kind) => Some(kind),
            Err(why) => {
                errors.push(format!("{why}."));
                None
            }
        };
        let groups = field(self.groups).unwrap_or_default();
        let groups =
            groups.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let modem = self.modem.and_then(|(at, names)| Some(choice(field(Some(at))?, names)));
        Line { line: at, kind, name: field(self.name), modem, groups, errors }
    }
}

/// The modem that a field names. Fifteen digits are an IMEI, fewer are a number of old scripts.
fn choice(text: String, names: Names) -> ModemChoice {
    match names {
        Names::Imei => ModemChoice::Imei(text),
        Names::Serial => ModemChoice::Serial(text),
        Names::Any => match (text.parse::<Imei>(), text.parse::<i64>(), text.parse::<uuid::Uuid>()) {
            (Err(_), Ok(number), _) => ModemChoice::Number(number),
            (Err(_), _, Ok(id)) => ModemChoice::Id(id.into()),
            _ => ModemChoice::Imei(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_a_spreadsheet_is_read() {
        let text =
            "\u{feff}Kind, name ,IMEI,groups\r\nbuoy,PK001,300434063836590,\"A; B;\"\r\n\r\nHandset,,,\r\n";
        let lines = read(text.as_bytes()).unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].line, lines[0].kind), (2, Some(DeviceKind::Buoy)));
        assert_eq!(lines[0].groups, ["A", "B"]);
        assert_eq!(lines[0].modem, Some(ModemChoice::Imei("300434063836590".to_owned())));
        assert_eq!((lines[1].line, lines[1].kind), (4, Some(DeviceKind::Handset)));
        assert!(lines[1].name.is_none() && lines[1].modem.is_none() && lines[1].groups.is_empty());
    }

    #[test]
    fn a_column_of_modems_takes_what_is_known_of_them() {
        assert_eq!(choice("7".to_owned(), Names::Any), ModemChoice::Number(7));
        let id = "019e830e-1a00-7edf-a648-1715466fba82";
        assert_eq!(choice(id.to_owned(), Names::Any), ModemChoice::Id(id.parse().unwrap()));
        let imei = "300434063836590".to_owned();
        assert_eq!(choice(imei.clone(), Names::Any), ModemChoice::Imei(imei.clone()));
        assert_eq!(choice(imei.clone(), Names::Serial), ModemChoice::Serial(imei));
    }

    #[test]
    fn what_is_no_such_table_is_refused_with_a_sentence() {
        for (text, sentence) in [
            ("", "The first line names the columns"),
            ("name\nPK001", "The first line names the columns"),
            ("kind;name;imei\nbuoy;x;1", "`kind;name;imei` is no column"),
            ("kind,imei,serial\nbuoy,1,2", "Each column is there once"),
            ("kind,name", "The table has no lines behind its header"),
            ("kind,name\n,\n", "The table has no lines behind its header"),
        ] {
            let refused = read(text.as_bytes()).unwrap_err();
            assert!(refused.detail().starts_with(sentence), "{text}: {}", refused.detail());
        }
        assert!(read(b"kind,name\nbuoy,\xff\xfe").unwrap_err().detail().contains("UTF-8"));
    }
}
