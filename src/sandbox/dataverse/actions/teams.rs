//! Who belongs to a team.

use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::Schema;
use crate::sandbox::dataverse::actions::given::Given;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::World;

/// `AddMembersTeam` and `RemoveMembersTeam`. Somebody who is in, or out, already stays so.
pub(super) fn members(
    world: &mut World,
    exchange: &Exchange<'_>,
    team: Uuid,
    given: &Given,
    are_added: bool,
) -> Result<Outgoing, Refusal> {
    let members = given.records(world, exchange, "Members", "systemuser")?;
    let associations = &Schema::of_sandbox().associations;
    if let Some(place) = associations.iter().position(|association| association.name == "teammembership_association") {
        for member in members {
            if are_added {
                world.associate(place, team, member.id);
            } else {
                world.disassociate(place, team, member.id);
            }
        }
    }
    Ok(Outgoing::empty(204))
}
