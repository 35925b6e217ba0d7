//! The tables, as diesel sees them. The same on MySQL/MariaDB and on SQLite; a test compares them with both databases.

diesel::table! {
    mo_messages (id) {
        id -> Binary,
        provider -> Text,
        imei -> Text,
        momsn -> Nullable<Integer>,
        transmitted_at -> Nullable<BigInt>,
        transmit_time_raw -> Nullable<Text>,
        received_at -> BigInt,
        trust -> Text,
        state -> Text,
        payload -> Nullable<Binary>,
        payload_raw -> Nullable<Text>,
        device_type -> Nullable<Text>,
        serial -> Nullable<Text>,
        iridium_latitude -> Nullable<Double>,
        iridium_longitude -> Nullable<Double>,
        iridium_cep_km -> Nullable<Double>,
        session_status -> Nullable<Integer>,
        modem_id -> Nullable<Binary>,
        summary -> Nullable<Text>,
        marks -> Nullable<Text>,
        replaces -> Nullable<Binary>,
        body -> Binary,
        source -> Text,
    }
}

diesel::table! {
    mo_keys (dup_key) {
        dup_key -> Binary,
        message_id -> Binary,
    }
}

diesel::table! {
    signed_modems (imei) {
        imei -> Text,
        since -> BigInt,
    }
}

diesel::table! {
    held_pushes (id) {
        id -> Binary,
        provider -> Text,
        why -> Text,
        reason -> Text,
        imei -> Nullable<Text>,
        dup_key -> Nullable<Binary>,
        received_at -> BigInt,
        body -> Binary,
        source -> Text,
    }
}

diesel::table! {
    modems (id) {
        id -> Binary,
        imei -> Text,
        serial -> Nullable<Text>,
        dialect -> Nullable<Text>,
        first_seen_at -> BigInt,
        first_trust -> Text,
    }
}

diesel::table! {
    modem_states (modem_id) {
        modem_id -> Binary,
        last_message_id -> Binary,
        last_transmitted_at -> BigInt,
        last_received_at -> BigInt,
        momsn -> Nullable<Integer>,
        fix_at -> Nullable<BigInt>,
        fix_momsn -> Nullable<Integer>,
        fix_latitude -> Nullable<Double>,
        fix_longitude -> Nullable<Double>,
        fix_message_id -> Nullable<Binary>,
        estimate_at -> Nullable<BigInt>,
        estimate_latitude -> Nullable<Double>,
        estimate_longitude -> Nullable<Double>,
        estimate_accuracy_m -> Nullable<Double>,
        estimate_message_id -> Nullable<Binary>,
        report_at -> Nullable<BigInt>,
        report_momsn -> Nullable<Integer>,
        speed_m_s -> Nullable<Double>,
        course_deg -> Nullable<Double>,
        battery_v -> Nullable<Double>,
        interval_s -> BigInt,
        interval_source -> Text,
        status -> Nullable<Text>,
        beacon_on -> Nullable<Bool>,
    }
}

diesel::table! {
    readings (message_id) {
        message_id -> Binary,
        modem_id -> Binary,
        transmitted_at -> BigInt,
        momsn -> Nullable<Integer>,
        device_at -> BigInt,
        clock_ahead -> Bool,
        late -> Bool,
        kind -> Text,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        estimate_latitude -> Nullable<Double>,
        estimate_longitude -> Nullable<Double>,
        estimate_accuracy_m -> Nullable<Double>,
        speed_m_s -> Nullable<Double>,
        course_deg -> Nullable<Double>,
        battery_v -> Nullable<Double>,
        interval_s -> Nullable<BigInt>,
        sleep_s -> Nullable<BigInt>,
        status -> Nullable<Text>,
        beacon_on -> Nullable<Bool>,
        dialect -> Nullable<Text>,
    }
}

diesel::table! {
    momsn_gaps (before_message) {
        before_message -> Binary,
        modem_id -> Binary,
        first_momsn -> Integer,
        last_momsn -> Integer,
        missing -> BigInt,
        after_at -> BigInt,
        before_at -> BigInt,
    }
}

diesel::table! {
    problems (id) {
        id -> Binary,
        kind -> Text,
        subject -> Text,
        reason -> Text,
        state -> Text,
        created_at -> BigInt,
        changed_at -> BigInt,
        modem_id -> Nullable<Binary>,
        imei -> Nullable<Text>,
        message_id -> Nullable<Binary>,
        held_id -> Nullable<Binary>,
        excerpt -> Nullable<Text>,
    }
}

diesel::table! {
    outbox (id) {
        id -> Binary,
        queue -> Text,
        body -> Text,
        attempt -> Integer,
        not_before -> BigInt,
        claimed_until -> BigInt,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Binary,
        name -> Text,
        role -> Text,
        hash -> Binary,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_in_links (hash) {
        hash -> Binary,
        role -> Text,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (hash) {
        hash -> Binary,
        id -> Binary,
        name -> Text,
        role -> Text,
        csrf -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    audit_log (id) {
        id -> Binary,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Text,
    }
}

diesel::table! {
    mt_messages (id) {
        id -> Binary,
        modem_id -> Binary,
        imei -> Text,
        account -> Text,
        kind -> Text,
        value -> Nullable<BigInt>,
        text -> Text,
        state -> Text,
        state_since -> BigInt,
        cause -> Text,
        proof -> Text,
        created_at -> BigInt,
        created_by -> Text,
        asked_by_message -> Nullable<Binary>,
        request_key -> Nullable<Binary>,
        expires_at -> BigInt,
        not_before -> BigInt,
        attempts -> Integer,
        attempt_id -> Nullable<Binary>,
        lease_until -> BigInt,
        sent_at -> Nullable<BigInt>,
        provider_id -> Nullable<Text>,
        confirmed_by -> Nullable<Binary>,
    }
}

diesel::table! {
    mt_history (id) {
        id -> Binary,
        mt_id -> Binary,
        at -> BigInt,
        state -> Text,
        cause -> Text,
    }
}

diesel::table! {
    mt_calls (id) {
        id -> Binary,
        mt_id -> Binary,
        modem_id -> Binary,
        account -> Text,
        day -> Integer,
        started_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        outcome -> Text,
        credits -> Integer,
    }
}

diesel::table! {
    mt_accounts (name) {
        name -> Text,
        paused_since -> Nullable<BigInt>,
        pause_reason -> Nullable<Text>,
        next_call_at -> BigInt,
        unknown_in_a_row -> Integer,
    }
}

diesel::table! {
    mt_modems (modem_id) {
        modem_id -> Binary,
        account -> Nullable<Text>,
        generation -> Nullable<Text>,
        fault -> Nullable<Text>,
        fault_at -> Nullable<BigInt>,
        awaits -> Bool,
    }
}

diesel::table! {
    people (id) {
        id -> Binary,
        name -> Text,
        name_key -> Text,
        role -> Text,
        password -> Nullable<Text>,
        disabled -> Bool,
        preferences -> Nullable<Text>,
        created_at -> BigInt,
        last_sign_in_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    person_sessions (hash) {
        hash -> Binary,
        person_id -> Nullable<Binary>,
        by_link -> Bool,
    }
}

diesel::table! {
    token_sessions (hash) {
        hash -> Binary,
        token_id -> Binary,
    }
}

diesel::table! {
    person_links (hash) {
        hash -> Binary,
        person_id -> Binary,
    }
}

diesel::table! {
    token_scopes (token_id, scope) {
        token_id -> Binary,
        scope -> Text,
    }
}

diesel::table! {
    modem_notes (id) {
        id -> Binary,
        modem_id -> Binary,
        at -> BigInt,
        author -> Text,
        text -> Text,
    }
}

diesel::table! {
    sequences (name) {
        name -> Text,
        last -> BigInt,
    }
}

diesel::table! {
    changes_pending (id) {
        id -> Binary,
        body -> Text,
    }
}

diesel::table! {
    changes (seq) {
        seq -> BigInt,
        at -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    service_reports (process) {
        process -> Text,
        reported_at -> BigInt,
        report -> Text,
    }
}

diesel::table! {
    milestones (name) {
        name -> Text,
        at -> BigInt,
        actor -> Text,
    }
}

diesel::table! {
    devices (id) {
        id -> Binary,
        number -> BigInt,
        kind -> Text,
        name -> Text,
        name_key -> Nullable<Text>,
        serial -> Nullable<Text>,
        key_hash -> Nullable<Binary>,
        created_at -> BigInt,
        created_by -> Text,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    device_links (id) {
        id -> Binary,
        device_id -> Binary,
        modem_id -> Binary,
        since -> BigInt,
        until -> Nullable<BigInt>,
        linked_by -> Text,
        unlinked_by -> Nullable<Text>,
        open_device -> Nullable<Binary>,
        open_modem -> Nullable<Binary>,
    }
}

diesel::table! {
    modem_numbers (modem_id) {
        modem_id -> Binary,
        number -> BigInt,
    }
}

diesel::table! {
    device_groups (id) {
        id -> Binary,
        name -> Text,
        name_key -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    group_members (group_id, device_id) {
        group_id -> Binary,
        device_id -> Binary,
    }
}

diesel::table! {
    sqs_queues (id) {
        id -> Binary,
        number -> BigInt,
        label -> Text,
        label_key -> Text,
        url -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    registration_windows (name) {
        name -> Text,
        until -> BigInt,
        opened_by -> Text,
    }
}

diesel::table! {
    rooms (name) {
        name -> Text,
        device_id -> Nullable<Binary>,
        node -> Nullable<Binary>,
        epoch -> BigInt,
        connected_at -> Nullable<BigInt>,
        disconnected_at -> Nullable<BigInt>,
        address -> Nullable<Text>,
        state -> Nullable<Text>,
        state_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    hub_nodes (node) {
        node -> Binary,
        lease_until -> BigInt,
    }
}

diesel::table! {
    knocks (name) {
        name -> Text,
        first_at -> BigInt,
        last_at -> BigInt,
        times -> BigInt,
        address -> Text,
        why -> Text,
    }
}

diesel::table! {
    firmware_sources (name) {
        name -> Text,
        looked_at -> Nullable<BigInt>,
        fetched_at -> Nullable<BigInt>,
        failed_at -> Nullable<BigInt>,
        failure -> Nullable<Text>,
        bytes -> BigInt,
    }
}

diesel::table! {
    firmware_versions (id) {
        id -> Binary,
        source -> Text,
        revision -> Text,
        commit_id -> Text,
        subject -> Text,
        author -> Text,
        committed_at -> BigInt,
        state -> Text,
        cause -> Nullable<Text>,
        digest -> Nullable<Binary>,
        files -> BigInt,
        directories -> BigInt,
        bytes -> BigInt,
        signature -> Text,
        signed_by -> Nullable<Text>,
        asked_by -> Text,
        created_at -> BigInt,
        ready_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    firmware_files (version_id, path) {
        version_id -> Binary,
        path -> Text,
        bytes -> BigInt,
        sha1 -> Text,
        sha256 -> Text,
    }
}

diesel::table! {
    upgrade_jobs (id) {
        id -> Binary,
        number -> BigInt,
        device_id -> Binary,
        version_id -> Binary,
        rollout_id -> Nullable<Binary>,
        state -> Text,
        cause -> Nullable<Text>,
        asked_by -> Text,
        created_at -> BigInt,
        offered_at -> Nullable<BigInt>,
        started_at -> Nullable<BigInt>,
        heard_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        deadline_at -> BigInt,
        timeout_s -> BigInt,
        attempts -> Integer,
        files_done -> BigInt,
        bytes_done -> BigInt,
        current_file -> Nullable<Text>,
        seen -> Nullable<Binary>,
        call_device -> Bool,
        called_at -> Nullable<BigInt>,
        active_device -> Nullable<Binary>,
        cleared_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    device_firmware (device_id) {
        device_id -> Binary,
        version_id -> Binary,
        since -> BigInt,
    }
}

diesel::table! {
    rollouts (id) {
        id -> Binary,
        name -> Text,
        version_id -> Binary,
        state -> Text,
        cause -> Nullable<Text>,
        created_by -> Text,
        created_at -> BigInt,
        needs_approval -> Bool,
        approved_by -> Nullable<Text>,
        approved_at -> Nullable<BigInt>,
        call_devices -> Bool,
        job_timeout_s -> BigInt,
        rolls_back -> Nullable<Binary>,
        started_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    rollout_stages (rollout_id, ordinal) {
        rollout_id -> Binary,
        ordinal -> Integer,
        success_percent -> Integer,
        error_percent -> Integer,
        tolerated -> Integer,
        state -> Text,
        started_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    rollout_targets (rollout_id, device_id) {
        rollout_id -> Binary,
        device_id -> Binary,
        ordinal -> Integer,
        state -> Text,
        job_id -> Nullable<Binary>,
        cause -> Nullable<Text>,
    }
}

diesel::table! {
    endpoints (id) {
        id -> Binary,
        number -> Nullable<BigInt>,
        kind -> Text,
        name -> Text,
        name_key -> Text,
        enabled -> Bool,
        config -> Text,
        secrets -> Nullable<Binary>,
        created_at -> BigInt,
        created_by -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    endpoint_states (endpoint_id) {
        endpoint_id -> Binary,
        failures_in_a_row -> Integer,
        failing_since -> Nullable<BigInt>,
        open_until -> BigInt,
        disabled_at -> Nullable<BigInt>,
        disabled_why -> Nullable<Text>,
        delivered_at -> Nullable<BigInt>,
        failed_at -> Nullable<BigInt>,
        failure -> Nullable<Text>,
    }
}

diesel::table! {
    routes (id) {
        id -> Binary,
        number -> BigInt,
        name -> Text,
        enabled -> Bool,
        source_kind -> Text,
        source_id -> Nullable<Binary>,
        source_word -> Nullable<Text>,
        messages -> Text,
        conditions -> Text,
        target_kind -> Text,
        target_id -> Binary,
        format -> Nullable<Text>,
        lives_s -> BigInt,
        same_key -> Binary,
        created_at -> BigInt,
        created_by -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Binary,
        route_id -> Nullable<Binary>,
        target_kind -> Text,
        target_id -> Binary,
        message_id -> Nullable<Binary>,
        modem_id -> Nullable<Binary>,
        device_id -> Nullable<Binary>,
        state -> Text,
        cause -> Text,
        attempts -> Integer,
        due_at -> Nullable<BigInt>,
        claimed_until -> BigInt,
        created_at -> BigInt,
        tried_at -> Nullable<BigInt>,
        settled_at -> Nullable<BigInt>,
        status -> Nullable<Integer>,
        format -> Text,
        content_type -> Text,
        attributes -> Text,
        body -> Binary,
        response -> Nullable<Binary>,
        mt_id -> Nullable<Binary>,
    }
}

diesel::table! {
    mt_origins (mt_id) {
        mt_id -> Binary,
        route_id -> Binary,
        delivery_id -> Binary,
        source_modem -> Binary,
        position_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    cloudloop_things (modem_id) {
        modem_id -> Binary,
        thing -> Text,
        learned_at -> BigInt,
        counted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    credit_budgets (id) {
        id -> Binary,
        scope -> Text,
        account -> Nullable<Text>,
        subject_id -> Nullable<Binary>,
        period -> Text,
        credits -> BigInt,
        warn_percent -> Integer,
        warned_for -> Nullable<Integer>,
        spent_for -> Nullable<Integer>,
        same_key -> Binary,
        created_at -> BigInt,
        created_by -> Text,
    }
}

diesel::table! {
    mt_schedules (id) {
        id -> Binary,
        name -> Text,
        target_kind -> Text,
        target_id -> Binary,
        told -> Text,
        days -> Text,
        at_minute -> Integer,
        time_zone -> Text,
        next_at -> Nullable<BigInt>,
        last_at -> Nullable<BigInt>,
        last_result -> Nullable<Text>,
        created_at -> BigInt,
        created_by -> Text,
        changed_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    mo_messages,
    mo_keys,
    signed_modems,
    held_pushes,
    modems,
    modem_states,
    readings,
    momsn_gaps,
    problems,
    outbox,
    api_tokens,
    sign_in_links,
    sessions,
    audit_log,
    mt_messages,
    mt_history,
    mt_calls,
    mt_accounts,
    mt_modems,
    people,
    person_sessions,
    token_sessions,
    person_links,
    token_scopes,
    modem_notes,
    sequences,
    changes_pending,
    changes,
    service_reports,
    milestones,
    devices,
    device_links,
    modem_numbers,
    device_groups,
    group_members,
    sqs_queues,
    registration_windows,
    rooms,
    hub_nodes,
    knocks,
    firmware_sources,
    firmware_versions,
    firmware_files,
    upgrade_jobs,
    device_firmware,
    rollouts,
    rollout_stages,
    rollout_targets,
    endpoints,
    endpoint_states,
    routes,
    deliveries,
    mt_origins,
    cloudloop_things,
    credit_budgets,
    mt_schedules
);
