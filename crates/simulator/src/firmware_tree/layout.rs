//! Which files there are.

/// The largest file.
pub(super) const LARGEST: &str = "www/js/page.min.js";
/// The file that is no text.
pub(super) const ICON: &str = "www/favicon.ico";
/// The file whose lines end in CR LF.
pub(super) const WINDOWS: &str = "www/device.html";
/// The file that names the version.
pub(super) const VERSION: &str = "version.py";
/// What is new in the version; its name changes with it.
pub(super) const NOTES: &str = "NOTES.md";
/// The file whose size makes up the sum.
pub(super) const REST: &str = "lib/fonts.py";

/// Files with something in them: folder, then their names.
const FILES: [(&str, &[&str]); 19] = [
    ("", &[".gitignore", "README.md", NOTES, "boot.py", "main.py", VERSION]),
    (
        "apps/buoy/",
        &[
            "app.py",
            "beacon.py",
            "cycle.py",
            "journal.py",
            "power.py",
            "report.py",
            "settings.py",
            "sleep.py",
        ],
    ),
    (
        "apps/handset/",
        &[
            "app.py",
            "chart.py",
            "compass.py",
            "display.py",
            "mailbox.py",
            "menu.py",
            "nearest.py",
            "settings.py",
        ],
    ),
    ("apps/irdbase/", &["app.py", "csq.py", "log.py"]),
    ("apps/lora_receiver/", &["app.py", "show.py"]),
    ("apps/lora_sender/", &["app.py", "schedule.py"]),
    ("apps/lorabase/", &["app.py", "relay.py", "roster.py"]),
    ("apps/ota/", &["access_point.py", "app.py", "line.py", "pages.py", "replies.py"]),
    ("apps/shell/", &["app.py", "repl.py"]),
    ("apps/updatepy/", &["app.py", "flash.py", "http.py", "steps.py"]),
    (
        "core/",
        &[
            "api.py",
            "board.py",
            "clock.py",
            "errors.py",
            "events.py",
            "files.py",
            "log.py",
            "message.py",
            "network.py",
            "nmea.py",
            "power.py",
            "settings.py",
            "sleep.py",
            "state.py",
            "text.py",
            "watchdog.py",
        ],
    ),
    ("drivers/", &["bus.py", "pins.py", "uart.py"]),
    ("drivers/gps/", &["almanac.py", "parser.py", "receiver.py", "units.py"]),
    ("drivers/iridium/", &["at.py", "modem.py", "queue.py", "ring.py", "session.py"]),
    ("drivers/lora/", &["airtime.py", "packet.py", "radio.py", "registers.py"]),
    ("lib/", &["crc.py", "fonts.py", "qrcode.py", "varint.py", "websocket.py"]),
    ("tests/", &["test_message.py", "test_nmea.py", "test_queue.py"]),
    ("www/", &["device.html", "favicon.ico", "index.html", "style.css"]),
    ("www/js/", &["chart.js", "device.js", "page.min.js"]),
];

/// Folders that are packages of the language, and so have an empty file in them.
const PACKAGES: [&str; 17] = [
    "apps",
    "apps/buoy",
    "apps/handset",
    "apps/irdbase",
    "apps/lora_receiver",
    "apps/lora_sender",
    "apps/lorabase",
    "apps/ota",
    "apps/shell",
    "apps/updatepy",
    "core",
    "drivers",
    "drivers/gps",
    "drivers/iridium",
    "drivers/lora",
    "lib",
    "tests",
];

/// Paths of all files with something in them, without the `./` in front.
pub(super) fn files() -> impl Iterator<Item = &'static str> {
    PATHS.iter().map(String::as_str)
}

/// Joined once: the paths are asked for again and again, by name.
static PATHS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
    FILES.iter().flat_map(|(folder, names)| names.iter().map(move |name| format!("{folder}{name}"))).collect()
});

/// Paths of all empty files, with the `./` in front.
pub(super) fn empty_files() -> impl Iterator<Item = String> {
    PACKAGES.iter().map(|folder| format!("./{folder}/__init__.py"))
}

/// Whether a version may change this file.
pub(super) fn changes(path: &str) -> bool {
    path.ends_with(".py") && path != VERSION
}
