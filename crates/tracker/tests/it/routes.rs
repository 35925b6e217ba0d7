//! Routes: what can be made, changed, switched and deleted, what cannot, and what a route would write.

use fairlead_model::role::Role;
use fairlead_testkit::Backend;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::registry::{A, ask, heard, made, path, post};
use crate::sea::{IMEI, Sea, minutes, pk101, start};

fairlead_testkit::on_both_backends!(
    a_route_is_made_changed_switched_and_deleted,
    all_that_is_wrong_with_a_route_is_said_at_once,
    devices_are_told_what_is_for_them,
    the_same_route_is_there_once,
    routes_come_in_pages,
    what_a_route_names_cannot_be_deleted,
    a_preview_is_of_the_newest_message_that_fits,
    a_preview_without_a_message_is_an_example,
    formats_have_schemas,
    routes_are_for_operators,
);

/// Makes an endpoint as the courier does, and returns its id.
pub async fn endpoint(sea: &Sea, kind: &str, name: &str, number: Option<i64>) -> Value {
    let id = sea.system.clock.new_id();
    let url = match kind {
        "sqs" => format!("https://sqs.us-west-2.amazonaws.com/1/{name}"),
        _ => format!("https://example.org/{name}"),
    };
    let config = json!({"kind": kind, "url": url});
    let at = start().micros();
    let row = format!(
        "INSERT INTO endpoints (id, number, kind, name, name_key, enabled, config, created_at, created_by, \
         changed_at) VALUES (X'{}', {}, '{kind}', '{name}', '{name}', 1, '{config}', {at}, 'test', {at})",
        id.simple(),
        number.map_or("NULL".to_owned(), |number| number.to_string()),
    );
    sea.sql(row).await;
    json!(id)
}

/// Makes a device whose modem's messages are its for as long as anybody cares.
pub async fn device(sea: &Sea, kind: &str, name: &str, imei: &str) -> Value {
    let since = start().minus(minutes(100_000));
    made(sea, json!({"kind": kind, "name": name, "imei": imei, "since": since})).await
}

/// A route of a device to an endpoint, as it is asked for.
pub fn wanted(source: Value, messages: &[&str], target: Value) -> Value {
    json!({"source": source, "messages": messages, "target": target})
}

pub fn of(device: &Value) -> Value {
    json!({"type": "device", "id": device["id"]})
}

pub fn to(endpoint: &Value) -> Value {
    json!({"type": "endpoint", "id": endpoint})
}

/// Makes a route, and returns it.
pub async fn route(sea: &Sea, body: Value) -> Value {
    let (status, route) = post(sea, "/api/v1/routes", body).await;
    assert_eq!(status, 201, "{route}");
    route
}

fn at(route: &Value, what: &str) -> String {
    format!("/api/v1/routes/{}{what}", route["id"].as_str().unwrap())
}

async fn a_route_is_made_changed_switched_and_deleted(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let condition = json!({"type": "battery_below", "volts": 3.5});
    let mut asked = wanted(of(&buoy), &["text", "position", "position"], to(&maps));
    asked["name"] = json!(" low ");
    asked["conditions"] = json!([condition]);
    let made = route(&sea, asked.clone()).await;
    assert_eq!(
        made,
        json!({
            "id": made["id"], "number": 1, "name": "low", "enabled": true, "source": of(&buoy),
            "source_name": "PK001", "messages": ["position", "text"], "conditions": [condition],
            "target": to(&maps), "target_device": null,
            "target_endpoint": {"id": maps, "kind": "webhook", "name": "maps"}, "format": "json",
            "lives_s": 1_800, "created_at": start(), "created_by": "test", "changed_at": start(), "waiting": 0,
            "delivered_at": null,
        })
    );
    assert_eq!(sea.get(&at(&made, "")).await, made);
    sea.system.hand.advance(minutes(1));
    let (status, off) = post(&sea, &at(&made, "/disable"), json!({})).await;
    assert_eq!(
        (status, &off["enabled"], &off["changed_at"]),
        (200, &json!(false), &json!(start().plus(minutes(1))))
    );
    let (status, on) = post(&sea, &at(&made, "/enable"), json!({})).await;
    assert_eq!((status, &on["enabled"]), (200, &json!(true)));
    asked["format"] = json!("geojson");
    asked["source"] = json!({"type": "kind", "kind": "buoy"});
    asked["conditions"] = json!([]);
    let (status, changed) = ask(&sea, &sea.system.client, Method::PUT, &at(&made, ""), Some(asked)).await;
    assert_eq!(status, 200, "{changed}");
    let seen = ["id", "number", "source_name", "format", "conditions"].map(|name| changed[name].clone());
    assert_eq!(seen, [made["id"].clone(), json!(1), json!("every buoy"), json!("geojson"), json!([])]);
    let (status, _) = ask(&sea, &sea.system.client, Method::DELETE, &at(&made, ""), None).await;
    assert_eq!(status, 204);
    for (method, what) in
        [(Method::GET, ""), (Method::DELETE, ""), (Method::POST, "/enable"), (Method::POST, "/disable")]
    {
        let (status, answer) = ask(&sea, &sea.system.client, method.clone(), &at(&made, what), None).await;
        assert_eq!((status, &answer["detail"]), (404, &json!("There is no route with this id.")), "{method}");
    }
    let entries: Vec<_> =
        sea.audit().await.into_iter().map(|[_, action, _, detail]| [action, detail]).collect();
    let detail = "1: position, text of PK001 to maps";
    let expected = [
        ["device.create", &entries[0][1]],
        ["route.change", "1: position, text of every buoy to maps"],
        ["route.create", detail],
        ["route.delete", "1: position, text of every buoy to maps"],
        ["route.disable", detail],
        ["route.enable", detail],
    ];
    assert_eq!(entries, expected);
    sea.system.stop().await;
}

/// What stands against a route: status, and sentences.
async fn against(sea: &Sea, body: Value) -> (u16, Vec<String>) {
    let (status, answer) = post(sea, "/api/v1/routes", body.clone()).await;
    assert!(answer["errors"].is_array(), "{body}: {answer}");
    let errors = answer["errors"].as_array().unwrap();
    (status, errors.iter().map(|error| error.as_str().unwrap().to_owned()).collect())
}

async fn all_that_is_wrong_with_a_route_is_said_at_once(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let nobody = Uuid::nil();
    let (status, errors) = against(
        &sea,
        json!({
            "name": "x".repeat(65), "source": {"type": "device", "id": nobody}, "messages": [],
            "conditions": [{"type": "battery_below", "volts": -1.0}], "lives_s": 5,
            "target": {"type": "endpoint", "id": nobody},
        }),
    )
    .await;
    assert_eq!(status, 422);
    assert_eq!(
        errors,
        [
            "Condition 1: A battery has more than 0 and at most 100 volts.".to_owned(),
            "A route's name has at most 64 characters, none of them a control character.".to_owned(),
            "A route names at least one kind of message.".to_owned(),
            "A position lives for 60 to 86400 seconds.".to_owned(),
            format!("There is no endpoint {nobody}."),
            format!("There is no device {nobody} to pass on messages of."),
        ]
    );
    let (_, errors) = against(
        &sea,
        json!({"source": {"type": "group", "id": nobody}, "messages": ["position"],
            "target": {"type": "device", "id": nobody}}),
    )
    .await;
    assert_eq!(
        errors,
        [format!("There is no device {nobody} to deliver to."), format!("There is no group {nobody}.")]
    );
    for unread in [
        json!({}),
        json!({"source": {"type": "toaster"}, "messages": ["position"], "target": {"type": "mars"}}),
        json!({"source": {"type": "any"}, "messages": ["song"], "target": to(&json!(nobody))}),
        json!({"source": {"type": "any"}, "messages": ["position"], "target": to(&json!(nobody)), "more": 1}),
    ] {
        assert_eq!(post(&sea, "/api/v1/routes", unread.clone()).await.0, 400, "{unread}");
    }
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let gone = made(&sea, json!({"kind": "buoy", "name": "PK002"})).await;
    ask(&sea, &sea.system.client, Method::DELETE, &crate::registry::address(&gone), None).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let (_, errors) = against(&sea, wanted(of(&gone), &["position"], to(&maps))).await;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(sea.items("/api/v1/routes").await.is_empty(), "nothing of it was made");
    route(&sea, wanted(of(&buoy), &["position"], to(&maps))).await;
    sea.system.stop().await;
}

const STEERED: &str = "A buoy is told commands, and nothing else.";
const WHOLE: &str =
    "A buoy is steered by devices that are named, or by a group of them, not by a whole kind.";
const COSTS: &str =
    "A message to a device costs credits: name the device, the group or the kind whose messages it is told.";

async fn devices_are_told_what_is_for_them(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let mut devices = Vec::new();
    for (kind, name) in [
        ("buoy", "B1"),
        ("buoy", "B2"),
        ("handset", "H1"),
        ("handset", "H2"),
        ("rockstar", "R1"),
        ("rockstar", "R2"),
    ] {
        devices.push(made(&sea, json!({"kind": kind, "name": name})).await);
    }
    let [b1, b2, h1, h2, r1, r2] = [0, 1, 2, 3, 4, 5].map(|n| of(&devices[n]));
    let (_, group) = post(&sea, "/api/v1/groups", json!({"name": "all"})).await;
    let group = json!({"type": "group", "id": group["id"]});
    let kind = |kind: &str| json!({"type": "kind", "kind": kind});
    let any = json!({"type": "any"});
    let to_handset = "A handset is told positions, and nothing else.";
    let to_rockstar = "A rockstar is told positions, and nothing else.";
    for (source, messages, target, errors) in [
        (&b1, &["position"][..], &b2, &[STEERED, "A buoy cannot deliver to another buoy."][..]),
        (&b1, &["command"], &h1, &[to_handset]),
        (&h1, &["position"], &h2, &["A handset cannot deliver to another handset."]),
        (&h1, &["position"], &b1, &[STEERED]),
        (&h1, &["command", "text"], &b1, &[STEERED]),
        (&r1, &["position"], &r2, &["A rockstar cannot deliver to another rockstar."]),
        (&r1, &["text"], &h1, &[to_handset]),
        (&b1, &["other"], &r1, &[to_rockstar]),
        (&any, &["position"], &h1, &[COSTS]),
        (&any, &["command"], &b1, &[COSTS]),
        (&kind("handset"), &["command"], &b1, &[WHOLE]),
        (&kind("handset"), &["position"], &h1, &["A handset cannot deliver to another handset."]),
        (
            &h1,
            &["command"],
            &h1,
            &[
                to_handset,
                "A handset cannot deliver to another handset.",
                "A device is not told its own messages.",
            ],
        ),
    ] {
        let (status, said) = against(&sea, wanted(source.clone(), messages, target.clone())).await;
        assert_eq!(
            (status, said.iter().map(String::as_str).collect::<Vec<_>>()),
            (422, errors.to_vec()),
            "{source} {messages:?} {target}"
        );
    }
    for (source, message, target) in [
        (&b1, "position", &h1),
        (&b1, "position", &r1),
        (&h1, "command", &b1),
        (&r1, "command", &b1),
        (&r1, "position", &h1),
        (&h1, "position", &r1),
        (&group, "position", &h1),
        (&group, "command", &b1),
        (&kind("buoy"), "position", &h1),
    ] {
        let route = route(&sea, wanted(source.clone(), &[message], target.clone())).await;
        assert_eq!((&route["format"], &route["target_device"]["id"]), (&Value::Null, &target["id"]));
    }
    sea.system.stop().await;
}

async fn the_same_route_is_there_once(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let low = json!({"type": "battery_below", "volts": 3.5});
    let far = json!({"type": "field", "field": "speed_m_s", "compares": "above", "value": 2.0});
    let mut asked = wanted(of(&buoy), &["position", "text"], to(&maps));
    asked["conditions"] = json!([low, far]);
    let made = route(&sea, asked.clone()).await;
    // Neither the order of words, nor what it is called, nor whether it is on makes another route of it.
    let mut same = wanted(of(&buoy), &["text", "position"], to(&maps));
    same["conditions"] = json!([far, low]);
    same["name"] = json!("another");
    same["enabled"] = json!(false);
    same["format"] = json!("json");
    let twice = ["Route 1 does the same already. Change that one.".to_owned()];
    assert_eq!(against(&sea, same.clone()).await, (409, twice.to_vec()));
    for (what, value) in
        [("format", json!("original")), ("conditions", json!([low])), ("messages", json!(["text"]))]
    {
        let mut other = same.clone();
        other[what] = value;
        route(&sea, other).await;
    }
    // A change may leave it as it is, and may not make it another one's double.
    let put = async |body: &Value| {
        ask(&sea, &sea.system.client, Method::PUT, &at(&made, ""), Some(body.clone())).await
    };
    assert_eq!(put(&same).await.0, 200);
    same["conditions"] = json!([low]);
    let (status, answer) = put(&same).await;
    assert_eq!(
        (status, &answer["errors"][0]),
        (409, &json!("Route 3 does the same already. Change that one."))
    );
    // Of two who ask at once, one makes it.
    let mut at_once = wanted(json!({"type": "any"}), &["other"], to(&maps));
    at_once["name"] = json!("at once");
    let (a, b) = tokio::join!(
        post(&sea, "/api/v1/routes", at_once.clone()),
        post(&sea, "/api/v1/routes", at_once.clone())
    );
    let mut statuses = [a.0, b.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    sea.system.stop().await;
}

async fn routes_come_in_pages(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let other = endpoint(&sea, "mqtt", "other", None).await;
    for (messages, target) in [("position", &maps), ("text", &maps), ("other", &other)] {
        route(&sea, wanted(of(&buoy), &[messages], to(target))).await;
    }
    let numbers = |page: &Value| {
        page["items"].as_array().unwrap().iter().map(|r| r["number"].clone()).collect::<Vec<_>>()
    };
    let first = sea.get("/api/v1/routes?limit=2").await;
    assert_eq!((numbers(&first), &first["next_cursor"]), (vec![json!(1), json!(2)], &json!("2")));
    let second = sea.get("/api/v1/routes?limit=2&cursor=2").await;
    assert_eq!((numbers(&second), &second["next_cursor"]), (vec![json!(3)], &Value::Null));
    let of_maps = sea.get(&format!("/api/v1/routes?names={}", maps.as_str().unwrap())).await;
    assert_eq!(numbers(&of_maps), [json!(1), json!(2)]);
    let of_buoy = sea.get(&format!("/api/v1/routes?names={}", buoy["id"].as_str().unwrap())).await;
    assert_eq!(numbers(&of_buoy).len(), 3);
    sea.system.stop().await;
}

async fn what_a_route_names_cannot_be_deleted(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let handset = made(&sea, json!({"kind": "handset", "name": "HS001"})).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let (_, group) = post(&sea, "/api/v1/groups", json!({"name": "bay"})).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let in_group = json!({"type": "group", "id": group["id"]});
    let shown = route(&sea, wanted(of(&buoy), &["position"], of(&handset))).await;
    route(&sea, wanted(in_group, &["position"], to(&maps))).await;
    route(&sea, wanted(of(&buoy), &["position"], to(&maps))).await;
    let delete = async |path: &str| {
        let (status, answer) = ask(&sea, &sea.system.client, Method::DELETE, path, None).await;
        (status, answer["errors"].clone())
    };
    let address = crate::registry::address;
    assert_eq!(
        delete(&address(&handset)).await,
        (409, json!(["HS001 is used in route 1. Delete that first."]))
    );
    let group_path = format!("/api/v1/groups/{}", group["id"].as_str().unwrap());
    assert_eq!(delete(&group_path).await, (409, json!(["bay is used in route 2. Delete that first."])));
    // A route names the device, so the modem may leave it; a person is told first.
    let (status, effects) = post(&sea, &path(&buoy, "unlink"), json!({"dry_run": true})).await;
    let warning =
        "PK001 is used in routes 1 and 3. While it has no modem, nothing is passed on of it or to it.";
    assert_eq!((status, &effects["warnings"][0]), (200, &json!(warning)));
    assert_eq!(post(&sea, &path(&buoy, "unlink"), json!({})).await.0, 200);
    assert_eq!(
        delete(&address(&buoy)).await.1,
        json!(["PK001 is used in routes 1 and 3. Delete those first."])
    );
    assert_eq!(delete(&at(&shown, "")).await.0, 204);
    assert_eq!(delete(&address(&handset)).await.0, 204);
    sea.system.stop().await;
}

async fn preview(sea: &Sea, body: Value) -> Value {
    let (status, preview) = post(sea, "/api/v1/routes/preview", body).await;
    assert_eq!(status, 200, "{preview}");
    preview
}

async fn a_preview_is_of_the_newest_message_that_fits(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", IMEI).await;
    let handset = made(&sea, json!({"kind": "handset", "name": "HS001"})).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let sent = [50, 40].map(|ago| (ago, start().minus(minutes(ago))));
    let rows =
        sent.map(|(ago, at)| sea.message(100 - i32::try_from(ago).unwrap(), at, &pk101(at, "3750.5117", 10)));
    sea.handle(&rows).await;
    let mut check = sea.message(90, start().minus(minutes(10)), "");
    check.payload = Some(Vec::new());
    sea.handle(&[check.clone()]).await;

    let mut asked = wanted(of(&buoy), &["position"], to(&maps));
    let shown = preview(&sea, asked.clone()).await;
    assert_eq!(
        (&shown["message_id"], &shown["passes"], &shown["reason"], &shown["content_type"]),
        (&json!(crate::sea::id_of(&rows[1])), &json!(true), &Value::Null, &json!("application/json"))
    );
    let body: Value = serde_json::from_str(shown["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&body["device"]["name"], &body["momsn"], &body["interval_s"]),
        (&json!("PK001"), &json!(60), &json!(600))
    );
    asked["conditions"] = json!([{"type": "battery_below", "volts": 3.0}]);
    let shown = preview(&sea, asked.clone()).await;
    assert_eq!(
        (&shown["passes"], &shown["reason"]),
        (&json!(false), &json!("It does not meet condition 1."))
    );
    asked["conditions"] = json!([]);
    asked["messages"] = json!(["other"]);
    assert_eq!(preview(&sea, asked.clone()).await["message_id"], json!(crate::sea::id_of(&check)));
    // For a device it is the text as the device gets it.
    let shown = preview(&sea, wanted(of(&buoy), &["position"], of(&handset))).await;
    assert_eq!(shown["body"], "+DATA:PK004,3750.5117,N,12216.5280,W,0,0,112000.0000,0");
    assert_eq!(shown["content_type"], "text/plain");
    // A route that is there can be looked at, too; one that cannot be made is refused as when it is made.
    route(&sea, wanted(of(&buoy), &["position"], to(&maps))).await;
    preview(&sea, wanted(of(&buoy), &["position"], to(&maps))).await;
    let (status, answer) =
        post(&sea, "/api/v1/routes/preview", wanted(of(&buoy), &["position"], of(&buoy))).await;
    assert_eq!((status, answer["errors"].as_array().unwrap().len()), (422, 3), "{answer}");
    sea.system.stop().await;
}

async fn a_preview_without_a_message_is_an_example(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = made(&sea, json!({"kind": "buoy", "name": "PK007"})).await;
    let handset = made(&sea, json!({"kind": "handset", "name": "HS001"})).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    for message in ["position", "command", "text", "other"] {
        for source in [of(&buoy), json!({"type": "any"}), json!({"type": "kind", "kind": "rockstar"})] {
            let shown = preview(&sea, wanted(source, &[message], to(&maps))).await;
            assert_eq!((&shown["message_id"], &shown["passes"]), (&Value::Null, &json!(true)), "{shown}");
            let body: Value = serde_json::from_str(shown["body"].as_str().unwrap()).unwrap();
            assert_eq!(body["message"], message);
        }
    }
    let mut original = wanted(of(&buoy), &["position"], to(&maps));
    original["format"] = json!("original");
    let shown = preview(&sea, original).await;
    let expected = "\"transmit_time\": \"26-06-01%2011%3A59%3A40\"";
    assert!(shown["body"].as_str().unwrap().contains(expected), "{shown}");
    let shown = preview(&sea, wanted(of(&handset), &["command"], of(&buoy))).await;
    assert_eq!(shown["body"], "+DATA:PK006,10;");
    sea.system.stop().await;
}

async fn formats_have_schemas(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let formats = sea.get("/api/v1/formats").await;
    let words: Vec<_> =
        formats.as_array().unwrap().iter().map(|f| f["format"].as_str().unwrap().to_owned()).collect();
    assert_eq!(words, ["original", "json", "geojson"]);
    for format in formats.as_array().unwrap() {
        let word = format["format"].as_str().unwrap();
        let schema = sea.get(&format!("/api/v1/formats/{word}/schema")).await;
        let example: Value = serde_json::from_str(format["example"].as_str().unwrap()).unwrap();
        let described = schema["properties"].as_object().unwrap();
        for name in example.as_object().unwrap().keys() {
            assert!(described.contains_key(name), "{word}: {name}");
        }
    }
    let (status, _) = ask(&sea, &sea.system.client, Method::GET, "/api/v1/formats/xml/schema", None).await;
    assert_eq!(status, 404);
    sea.system.stop().await;
}

async fn routes_are_for_operators(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let body = wanted(json!({"type": "any"}), &["position"], to(&maps));
    let made = route(&sea, body.clone()).await;
    let viewer = sea.system.client_as(Role::Viewer).await;
    let operator = sea.system.client_as(Role::Operator).await;
    for path in ["/api/v1/routes".to_owned(), at(&made, ""), "/api/v1/formats".to_owned()] {
        assert_eq!(ask(&sea, &Client::new(), Method::GET, &path, None).await.0, 401, "{path}");
        assert_eq!(ask(&sea, &viewer, Method::GET, &path, None).await.0, 200, "{path}");
    }
    for (method, path) in [
        (Method::POST, "/api/v1/routes".to_owned()),
        (Method::PUT, at(&made, "")),
        (Method::POST, at(&made, "/enable")),
        (Method::POST, at(&made, "/disable")),
        (Method::DELETE, at(&made, "")),
    ] {
        assert_eq!(
            ask(&sea, &viewer, method.clone(), &path, Some(body.clone())).await.0,
            403,
            "{method} {path}"
        );
    }
    assert_eq!(ask(&sea, &operator, Method::DELETE, &at(&made, ""), None).await.0, 204);
    heard(&sea, &[(A, &[5])]).await;
    sea.system.stop().await;
}
