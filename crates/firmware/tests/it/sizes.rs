//! Requests that are larger than others.

use fairlead_testkit::{Backend, on_both_backends};
use serde_json::json;

use crate::field::{Field, small_tree};

on_both_backends!(a_roll_out_may_name_thousands_of_devices,);

async fn a_roll_out_may_name_thousands_of_devices(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let ids: Vec<_> = (0..5_000).map(|_| field.system.clock.new_id()).collect();
    let body = json!({
        "name": "To all", "version_id": version, "job_timeout_s": 7_200,
        "stages": [{"device_ids": ids, "success_percent": 80, "error_percent": 20}],
    });
    // It is read, and none of them is known.
    let answer = field.refused("/api/v1/firmware/rollouts", &body, 422).await;
    assert!(answer.to_string().len() < 64 * 1024, "{answer:#}");
    let body = json!({"name": "x".repeat(1024 * 1024)});
    let answer = field.refused("/api/v1/firmware/rollouts", &body, 400).await;
    assert!(answer["detail"].as_str().unwrap().starts_with("The request cannot be read"), "{answer}");
    field.close().await;
}
