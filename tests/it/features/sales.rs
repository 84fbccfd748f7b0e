//! Selling: products, quotes, orders and invoices, from the offer to the money.

use serde_json::Value;

use crate::world::World;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn first(world: &World, noun: &str, filter: &str) -> String {
    world.run(&format!("{noun} list --filter \"{filter}\" --top 1 -o id")).succeeds().trim().to_owned()
}

fn states(world: &World, noun: &str, id: &str) -> (i64, i64) {
    let row = json(&world.run(&format!("{noun} get {id} --select statecode,statuscode -o json")).succeeds());
    (row["statecode"].as_i64().unwrap(), row["statuscode"].as_i64().unwrap())
}

#[test]
fn a_quote_is_activated_and_won_and_an_activity_tells_of_it() {
    let world = World::connected();
    let id = first(&world, "quotes", "statecode eq 0");
    world.run(&format!("quotes win {id}")).fails(1, "0x80040203");
    world.run(&format!("quotes activate {id}")).succeeds();
    assert_eq!(states(&world, "quotes", &id), (1, 2));
    world.run(&format!("quotes win {id} --subject Signed")).succeeds();
    assert_eq!(states(&world, "quotes", &id), (2, 4));
    let filter = format!("_quoteid_value eq {id}");
    let told = world.run(&format!("records quoteclose list --filter \"{filter}\" --select subject -o tsv")).succeeds();
    assert_eq!(told.trim(), "Signed");
    let lost = first(&world, "quotes", "statecode eq 1");
    let said = world.run(&format!("quotes close {lost} --reason Bored")).fails(2, "dataverse/unknown-reason");
    assert!(said.contains("Lost (5), Canceled (6), Revised (7)"), "{said}");
    world.run(&format!("quotes close {lost} --reason revised")).succeeds();
    assert_eq!(states(&world, "quotes", &lost), (3, 7));
}

#[test]
fn orders_are_fulfilled_or_cancelled_and_invoices_paid() {
    let world = World::connected();
    let order = first(&world, "orders", "statecode eq 0");
    world.run(&format!("orders fulfill {order} --reason partial")).succeeds();
    assert_eq!(states(&world, "orders", &order), (3, 100_002));
    world.run(&format!("orders cancel {order}")).fails(1, "0x80040203");
    let order = first(&world, "orders", "statecode eq 0");
    world.run(&format!("orders cancel {order}")).succeeds();
    assert_eq!(states(&world, "orders", &order), (2, 4));
    let invoice = first(&world, "invoices", "statecode eq 0");
    world.run(&format!("invoices pay {invoice}")).succeeds();
    assert_eq!(states(&world, "invoices", &invoice), (2, 100_001));
}

#[test]
fn a_product_is_a_draft_until_it_is_put_on_sale() {
    let world = World::connected();
    let line = "products create name=Winch productnumber=P-900 defaultuomid=\"Primary Unit\" \
                defaultuomscheduleid=\"Default Unit\" quantitydecimal=2 price=1250.50";
    let id = world.run(line).succeeds().trim().to_owned();
    assert_eq!(states(&world, "products", &id), (2, 0));
    for (verb, expected) in [("activate", (0, 1)), ("revise", (3, 3)), ("retire", (1, 2))] {
        world.run(&format!("products {verb} {id}")).succeeds();
        assert_eq!(states(&world, "products", &id), expected);
    }
    let price = world.run(&format!("products get {id} --select price,defaultuomid --labels -o csv")).succeeds();
    assert!(price.contains("Primary Unit"), "{price}");
}

#[test]
fn a_quote_gets_a_number_and_lines_of_products() {
    let world = World::connected();
    let quote = world.run("quotes create name=Winches customerid=account@accountnumber=NL-0007 pricelevelid=Standard");
    let quote = quote.succeeds().trim().to_owned();
    let number = world.run(&format!("quotes get {quote} --select quotenumber -o tsv")).succeeds();
    assert!(number.starts_with("QUO-"), "{number}");
    let line = format!(
        "records quotedetail create quoteid={quote} productid=\"Training Day\" uomid=\"Primary Unit\" quantity=3"
    );
    world.run(&line).succeeds();
    let total = world.run(&format!("quotes get {quote} --select totalamount -o tsv")).succeeds();
    assert_eq!(total.trim(), "525.0000", "three days at the price of the list");
    let expanded = world.run(&format!("quotes get {quote} --select name --expand quote_details -o json")).succeeds();
    assert_eq!(json(&expanded)["quote_details"].as_array().unwrap().len(), 1, "{expanded}");
    let rows = json(&world.run("invoices list --all --select invoicenumber,totalamount -o json").succeeds());
    assert!(rows.as_array().unwrap().iter().all(|row| row["totalamount"].as_f64().unwrap() > 0.0), "{rows}");
}
