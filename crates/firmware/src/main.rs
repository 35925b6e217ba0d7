//! The firmware service as a process of its own.

fn main() -> std::process::ExitCode {
    fairlead_runtime::main::<fairlead_firmware::Firmware>()
}
