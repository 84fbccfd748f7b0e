//! Files up and down against a fresh demo company, each way there is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::dataverse::trial::{ORIGIN, Trial};

const PROJECT: &str = "nl_projects(nl_code='NLP-003')";
const CONTRACT: &str = "nl_projects(nl_code='NLP-003')/nl_contract";

fn upload(trial: &mut Trial, text: &str) -> u16 {
    trial.ask("PATCH", CONTRACT).header("x-ms-file-name", "a.txt").body(text).answer().status
}

fn project(trial: &mut Trial) -> String {
    trial.find("nl_projects", "nl_code eq 'NLP-003'").to_string()
}

#[test]
fn a_file_comes_back_whole_in_ranges_and_in_json_until_it_is_removed() {
    let mut trial = Trial::new();
    assert_eq!(trial.ask("GET", &format!("{CONTRACT}/$value")).answer().status, 204);
    assert_eq!(upload(&mut trial, "hello world"), 204);
    let record = trial.get(&format!("{PROJECT}?$select=nl_contract,nl_contract_name"));
    assert_eq!(record["nl_contract_name"], "a.txt");
    assert!(record["nl_contract"].as_str().unwrap().len() == 36);
    let whole = trial.ask("GET", &format!("{CONTRACT}/$value")).answer();
    assert_eq!((whole.status, whole.text.as_str()), (200, "hello world"));
    assert_eq!(whole.header("x-ms-file-size"), Some("11"));
    assert!(whole.header("content-disposition").unwrap().starts_with("attachment; filename=\"a.txt\""));
    let part = trial.ask("GET", &format!("{CONTRACT}/$value")).header("range", "bytes=6-99").answer();
    assert_eq!((part.status, part.text.as_str(), part.header("content-range")), (206, "world", Some("bytes 6-10/11")));
    let outside = trial.ask("GET", &format!("{CONTRACT}/$value")).header("range", "bytes=11-").answer();
    assert_eq!((outside.status, outside.header("content-range")), (416, Some("bytes */11")));
    let json = trial.ask("GET", CONTRACT).header("range", "bytes=0-4").answer();
    assert_eq!((json.status, json.json()["value"].as_str()), (206, Some(STANDARD.encode("hello").as_str())));
    assert_eq!(upload(&mut trial, "other"), 204);
    let again = trial.get(&format!("{PROJECT}?$select=nl_contract"));
    assert_ne!(again["nl_contract"], record["nl_contract"], "another file has another id");
    assert_eq!(trial.ask("DELETE", CONTRACT).answer().status, 204);
    let gone = trial.get(&format!("{PROJECT}?$select=nl_contract,nl_contract_name"));
    assert!(gone["nl_contract"].is_null() && gone["nl_contract_name"].is_null());
}

#[test]
fn a_file_that_is_too_big_blocked_or_nameless_is_refused() {
    let mut trial = Trial::new();
    let offer = "nl_projects(nl_code='NLP-003')/nl_offer";
    let big = "x".repeat(1024 * 1024 + 1);
    for (column, name, body, code) in [
        (offer, "a.txt", big.as_str(), "0x80044a02"),
        (offer, "a.EXE", "x", "0x80043E09"),
        (offer, "", "x", "0x80040203"),
        (offer, "é.txt", "x", "0x80040203"),
        ("nl_projects(nl_code='NLP-003')/nl_photo", "a.png", "no picture", "0x80072553"),
    ] {
        let refused = trial.ask("PATCH", column).header("x-ms-file-name", name).body(body).answer().error();
        assert_eq!((refused.0, refused.1.as_str()), (400, code), "{name}");
    }
    let named = format!("{offer}?x-ms-file-name=é.txt");
    assert_eq!(trial.ask("PATCH", &named).body("x").answer().status, 204);
    assert_eq!(trial.get(&format!("{PROJECT}?$select=nl_offer_name"))["nl_offer_name"], "é.txt");
    let with_record = trial.ask("PATCH", PROJECT).body("{\"nl_offer\":\"x\"}").answer().error();
    assert_eq!((with_record.0, with_record.1.as_str()), (400, "0x80041A02"));
}

#[test]
fn pieces_follow_each_other_and_the_last_one_may_come_twice() {
    let mut trial = Trial::new();
    let begun = trial
        .ask("PATCH", &format!("{CONTRACT}?x-ms-file-name=a.txt"))
        .header("x-ms-transfer-mode", "chunked")
        .answer();
    assert_eq!((begun.status, begun.header("x-ms-chunk-size")), (200, Some("4194304")));
    let location = begun.header("location").unwrap().strip_prefix(ORIGIN).unwrap().to_owned();
    let (path, query) = location.split_once('?').unwrap();
    let mut send = |range: &str, body: &str| {
        trial.ask_verbatim("PATCH", path, query).header("content-range", range).body(body).answer().status
    };
    assert_eq!(send("bytes 0-4/11", "hello"), 206);
    assert_eq!(send("bytes 0-4/11", "hello"), 206, "its answer may have been lost");
    assert_eq!(send("bytes 0-4/11", "jello"), 400);
    assert_eq!(send("bytes 6-10/11", "world"), 400);
    assert_eq!(send("bytes 5-10/11", " worl"), 400);
    assert_eq!(send("bytes 5-10/11", " world"), 204);
    assert_eq!(send("bytes 5-10/11", " world"), 204);
    assert_eq!(trial.ask("GET", &format!("{CONTRACT}/$value")).answer().text, "hello world");
}

#[test]
fn blocks_make_a_file_in_the_order_that_the_end_tells() {
    let mut trial = Trial::new();
    let id = project(&mut trial);
    let target = format!("{{\"@odata.type\":\"Microsoft.Dynamics.CRM.nl_project\",\"nl_projectid\":\"{id}\"}}");
    let begin = format!("{{\"Target\":{target},\"FileAttributeName\":\"nl_contract\",\"FileName\":\"a.txt\"}}");
    let token = trial.ask("POST", "InitializeFileBlocksUpload").body(&begin).answer().json();
    let token = token["FileContinuationToken"].as_str().unwrap().to_owned();
    let mut block = |id: &str, data: &str| {
        let (id, data) = (STANDARD.encode(id), STANDARD.encode(data));
        let body = format!("{{\"BlockId\":\"{id}\",\"BlockData\":\"{data}\",\"FileContinuationToken\":\"{token}\"}}");
        trial.ask("POST", "UploadBlock").body(&body).answer().status
    };
    assert_eq!((block("2", "world"), block("1", "jello "), block("1", "hello ")), (204, 204, 204));
    assert_eq!(block("0003", "x"), 400, "names of blocks are equally long");
    let list = format!("[\"{}\",\"{}\"]", STANDARD.encode("1"), STANDARD.encode("2"));
    let end = |list: &str| {
        format!(
            "{{\"FileName\":\"a.txt\",\"MimeType\":\"text/plain\",\"BlockList\":{list},\"FileContinuationToken\":\"{token}\"}}"
        )
    };
    assert_eq!(trial.ask("POST", "CommitFileBlocksUpload").body(&end("[\"eA==\"]")).answer().status, 400);
    let ended = trial.ask("POST", "CommitFileBlocksUpload").body(&end(&list)).answer().json();
    assert_eq!(ended["FileSizeInBytes"], 11);
    assert_eq!(trial.ask("POST", "CommitFileBlocksUpload").body(&end(&list)).answer().status, 400);
    let open = format!("{{\"Target\":{target},\"FileAttributeName\":\"nl_contract\"}}");
    let opened = trial.ask("POST", "InitializeFileBlocksDownload").body(&open).answer().json();
    assert_eq!((opened["FileSizeInBytes"].as_u64(), opened["FileName"].as_str()), (Some(11), Some("a.txt")));
    let token = opened["FileContinuationToken"].as_str().unwrap();
    let body = format!("{{\"Offset\":6,\"BlockLength\":99,\"FileContinuationToken\":\"{token}\"}}");
    let part = trial.ask("POST", "DownloadBlock").body(&body).answer().json();
    assert_eq!(part["Data"].as_str(), Some(STANDARD.encode("world").as_str()));
    let gone = format!("{{\"FileId\":{}}}", ended["FileId"]);
    assert_eq!(trial.ask("POST", "DeleteFile").body(&gone).answer().status, 204);
    assert_eq!(trial.ask("GET", &format!("{CONTRACT}/$value")).answer().status, 204);
}

#[test]
fn a_note_takes_its_file_in_blocks() {
    let mut trial = Trial::new();
    let target = "{\"@odata.type\":\"Microsoft.Dynamics.CRM.annotation\",\"filename\":\"a.txt\",\"subject\":\"x\"}";
    let begun =
        trial.ask("POST", "InitializeAnnotationBlocksUpload").body(&format!("{{\"Target\":{target}}}")).answer();
    let token = begun.json()["FileContinuationToken"].as_str().unwrap().to_owned();
    let (id, data) = (STANDARD.encode("1"), STANDARD.encode("hello"));
    let block = format!("{{\"BlockId\":\"{id}\",\"BlockData\":\"{data}\",\"FileContinuationToken\":\"{token}\"}}");
    assert_eq!(trial.ask("POST", "UploadBlock").body(&block).answer().status, 204);
    let end = format!("{{\"Target\":{target},\"BlockList\":[\"{id}\"],\"FileContinuationToken\":\"{token}\"}}");
    let ended = trial.ask("POST", "CommitAnnotationBlocksUpload").body(&end).answer().json();
    assert_eq!(ended["FileSizeInBytes"], 5);
    let note = trial.get(&format!("annotations({})", ended["AnnotationId"].as_str().unwrap()));
    assert_eq!((note["documentbody"].as_str(), note["filesize"].as_u64()), (Some(data.as_str()), Some(5)));
}

#[test]
fn a_picture_is_given_with_the_record_or_by_itself_and_taken_away_with_null() {
    let mut trial = Trial::new();
    let account = "accounts(accountnumber='NL-0001')";
    let picture = STANDARD.encode("GIF89a small");
    let body = format!("{{\"entityimage\":\"{picture}\"}}");
    assert_eq!(trial.ask("PATCH", account).body(&body).answer().status, 204);
    let record = trial.get(&format!("{account}?$select=entityimage,entityimageid,entityimage_url"));
    assert_eq!(record["entityimage"], picture.as_str());
    assert!(record["entityimage_url"].as_str().unwrap().starts_with("/Image/download.aspx?Entity=account"));
    let full = trial.ask("GET", &format!("{account}/entityimage/$value?size=full")).answer();
    assert_eq!((full.status, full.text.as_str()), (200, "GIF89a small"));
    let other = trial.ask("PATCH", &format!("{account}/entityimage")).header("x-ms-file-name", "b.gif");
    assert_eq!(other.body("GIF89a other").answer().status, 204);
    let again = trial.get(&format!("{account}?$select=entityimageid"));
    assert_ne!(again["entityimageid"], record["entityimageid"]);
    assert_eq!(trial.ask("PATCH", account).body("{\"entityimage\":null}").answer().status, 204);
    assert_eq!(trial.ask("GET", &format!("{account}/entityimage/$value")).answer().status, 204);
}

#[test]
fn the_file_of_a_note_that_is_too_big_blocked_or_garbled_is_refused() {
    let mut trial = Trial::new();
    let big = STANDARD.encode(vec![7_u8; 5_242_881]);
    for (name, body, code) in
        [("a.txt", big.as_str(), "0x80044a02"), ("a.EXE", "aGk=", "0x80043E09"), ("a.txt", "a", "0x80048d19")]
    {
        let note = format!("{{\"filename\":\"{name}\",\"documentbody\":\"{body}\"}}");
        let refused = trial.ask("POST", "annotations").body(&note).answer().error();
        assert_eq!((refused.0, refused.1.as_str()), (400, code), "{name}");
    }
    let whole = format!("{{\"filename\":\"a.txt\",\"documentbody\":\"{}\"}}", STANDARD.encode(vec![7_u8; 5_242_880]));
    assert_eq!(trial.ask("POST", "annotations").body(&whole).answer().status, 204);
}

#[test]
fn a_choice_of_several_is_written_read_and_asked_for_by_its_values() {
    let mut trial = Trial::new();
    let write = |trial: &mut Trial, value: &str| {
        trial.ask("PATCH", PROJECT).body(&format!("{{\"nl_regions\":{value}}}")).answer().status
    };
    assert_eq!(write(&mut trial, "\"3, 1,3\""), 204);
    let labels = "odata.include-annotations=\"*\"";
    let record = trial.ask("GET", &format!("{PROJECT}?$select=nl_regions")).header("prefer", labels).answer().json();
    assert_eq!(record["nl_regions"], "1,3");
    assert_eq!(record["nl_regions@OData.Community.Display.V1.FormattedValue"], "North; South");
    for bad in ["\"9\"", "\"North\"", "1"] {
        assert_eq!(write(&mut trial, bad), 400, "{bad}");
    }
    let count = |trial: &mut Trial, filter: &str| {
        trial.column(&format!("nl_projects?$select=nl_code&$filter={filter}"), "nl_code").len()
    };
    let named = "Microsoft.Dynamics.CRM.ContainValues(PropertyName='nl_regions',PropertyValues=[\"1\",\"2\"])";
    let not = named.replace("ContainValues", "DoesNotContainValues");
    let (with, without) = (count(&mut trial, named), count(&mut trial, &not));
    assert!(with > 0 && without > 0);
    assert_eq!(with + without, 12);
    let fetch = "<fetch><entity name='nl_project'><attribute name='nl_code'/><filter><condition attribute='nl_regions' \
                 operator='contain-values'><value>1</value><value>2</value></condition></filter></entity></fetch>";
    assert_eq!(trial.column(&format!("nl_projects?fetchXml={fetch}"), "nl_code").len(), with);
}
