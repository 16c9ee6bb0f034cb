"""A stand-in for each job of the marketplace: its name, its kind of work, and on what.

Fourteen of the 80 jobs name tasks that are registered nowhere; they are left out here on purpose.
"""

from dataclasses import dataclass

from examples.waldur.work import (
    Work,
    begin,
    delete_leftovers,
    expire,
    mark_erred,
    pull,
    recompute,
    remind,
    roll_over,
    terminate,
)
from klokker import Counts, RunContext, task


@dataclass(frozen=True, slots=True)
class StandIn:
    """A job by its name: it does `work` on the records of `kind`."""

    name: str
    work: Work
    kind: str
    description: str

    def register(self) -> None:
        """Make it a task."""

        def work(run: RunContext) -> Counts:
            return self.work(run, self.kind)

        work.__name__ = work.__qualname__ = self.name.rpartition(".")[2]
        work.__doc__ = self.description
        task(self.name, repeatable=True, timeout="10m")(work)


_MARKETPLACE = "waldur_mastermind.marketplace"
_REMOTE = "waldur_mastermind.marketplace_remote"

STAND_INS = (
    StandIn(
        "waldur_core.users.cancel_expired_invitations", expire, "invitation", "Cancel invitations past their lifetime."
    ),
    StandIn(
        "waldur_core.users.cancel_expired_group_invitations",
        expire,
        "group invitation",
        "Cancel group invitations past their lifetime.",
    ),
    StandIn(
        "waldur_core.users.process_pending_project_invitations",
        begin,
        "invitation",
        "Open invitations whose project has begun.",
    ),
    StandIn(
        "waldur_core.users.send_reminder_for_pending_invitations",
        remind,
        "invitation",
        "Remind of invitations that end soon.",
    ),
    StandIn("waldur_mastermind.policy.check_polices", recompute, "policy", "Evaluate every policy anew."),
    StandIn(
        "waldur_core.reset_updating_resources",
        mark_erred,
        "resource",
        "Set resources right that are stuck in an update.",
    ),
    StandIn(
        "waldur_core.structure.create_customer_permission_reviews",
        roll_over,
        "permission review",
        "Open this month's review of permissions.",
    ),
    StandIn(
        "waldur_core.structure.ServicePropertiesListPullTask",
        pull,
        "service property",
        "Pull the properties of all services.",
    ),
    StandIn(
        "waldur_core.structure.ServiceResourcesListPullTask", pull, "resource", "Pull the resources of all services."
    ),
    StandIn(
        "waldur_core.structure.SetErredStuckResources",
        mark_erred,
        "provisioning",
        "Mark what has been provisioning for too long as erred.",
    ),
    StandIn(
        f"{_MARKETPLACE}.mark_resources_as_erred_after_timeout",
        mark_erred,
        "order",
        "Mark orders that take too long as erred.",
    ),
    StandIn(f"{_MARKETPLACE}.notification_about_project_ending", remind, "project", "Tell of projects that end soon."),
    StandIn(
        f"{_MARKETPLACE}.notification_about_resource_ending", remind, "resource", "Tell of resources that end soon."
    ),
    StandIn(
        f"{_MARKETPLACE}.notify_about_stale_resource",
        remind,
        "stale resource",
        "Tell of resources that nobody is billed for.",
    ),
    StandIn(f"{_MARKETPLACE}.process_pending_project_orders", begin, "order", "Begin orders whose project has begun."),
    StandIn(
        f"{_MARKETPLACE}.remove_deleted_robot_accounts",
        delete_leftovers,
        "robot account",
        "Delete robot accounts marked as deleted.",
    ),
    StandIn(f"{_MARKETPLACE}.send_metrics", recompute, "metric", "Add up the figures of use."),
    StandIn(
        f"{_MARKETPLACE}.terminate_expired_resources", terminate, "resource", "Terminate resources past their end."
    ),
    StandIn(
        f"{_MARKETPLACE}.terminate_resources_if_project_end_date_has_been_reached",
        terminate,
        "project resource",
        "Terminate resources of projects past their end.",
    ),
    StandIn(
        f"{_MARKETPLACE}.terminate_resources_in_state_erred_without_backend_id_and_failed_terminate_order",
        delete_leftovers,
        "erred resource",
        "Delete resources that neither began nor ended.",
    ),
    StandIn(
        f"{_MARKETPLACE}.calculate_usage_for_current_month", recompute, "usage", "Compute this month's usage anew."
    ),
    StandIn(
        "waldur_mastermind.marketplace_openstack.create_resources_for_lost_instances_and_volumes",
        begin,
        "lost instance",
        "Enter machines that the backend has and we lack.",
    ),
    StandIn(
        "waldur_mastermind.marketplace_openstack.refresh_instance_backend_metadata",
        pull,
        "instance",
        "Pull what the backend says of each machine.",
    ),
    StandIn("openstack.DeleteExpiredBackups", delete_leftovers, "backup", "Delete backups past their term."),
    StandIn("openstack.DeleteExpiredSnapshots", delete_leftovers, "snapshot", "Delete snapshots past their term."),
    StandIn(
        "openstack.tenant_properties_list_pull_task", pull, "tenant property", "Pull flavours, images and volume types."
    ),
    StandIn("openstack.TenantPullQuotas", pull, "tenant quota", "Pull limits and use of each tenant."),
    StandIn(
        "openstack.tenant_resources_list_pull_task", pull, "tenant resource", "Pull machines, volumes and snapshots."
    ),
    StandIn(
        "openstack.tenant_subresources_list_pull_task",
        pull,
        "tenant subresource",
        "Pull networks, ports and security groups.",
    ),
    StandIn(
        "openstack.mark_as_erred_old_tenants_in_deleting_state",
        mark_erred,
        "tenant",
        "Mark tenants that cannot be deleted as erred.",
    ),
    StandIn("waldur_mastermind.support.pull_priorities", pull, "priority", "Pull the priorities of the help desk."),
    StandIn("waldur_mastermind.support.pull_support_users", pull, "support user", "Pull the people of the help desk."),
    StandIn(
        "waldur_mastermind.support.sync_request_types",
        pull,
        "request type",
        "Pull the kinds of request of the help desk.",
    ),
    StandIn("invoices.send_monthly_invoicing_reports_about_customers", remind, "invoice", "Send the month's invoices."),
    StandIn(
        "invoices.send_notifications_about_upcoming_ends",
        remind,
        "fixed payment",
        "Tell of fixed payments that end soon.",
    ),
    StandIn("invoices.update_invoices_total_cost", recompute, "invoice", "Add up the current invoices anew."),
    StandIn(
        "invoices.create_monthly_invoices", roll_over, "invoice", "Close last month's invoices and open this month's."
    ),
    StandIn(
        "waldur_mastermind.notifications.send_scheduled_broadcast_messages",
        remind,
        "broadcast",
        "Send the messages whose time has come.",
    ),
    StandIn(
        "waldur_auth_valimo.cleanup_auth_results",
        delete_leftovers,
        "sign-in result",
        "Delete the results of old sign-ins.",
    ),
    StandIn("waldur_firecrest.pull_jobs", pull, "batch job", "Pull batch jobs of all users."),
    StandIn("waldur_freeipa.sync_groups", pull, "directory group", "Bring the directory's groups in line."),
    StandIn("waldur_freeipa.sync_names", pull, "directory name", "Bring the directory's names in line."),
    StandIn("waldur_marketplace_script.pull_resources", pull, "scripted resource", "Pull resources by script."),
    StandIn(
        "waldur_marketplace_script.remove_old_dry_runs",
        delete_leftovers,
        "script rehearsal",
        "Delete old rehearsals of scripts.",
    ),
    StandIn(
        "waldur_mastermind.booking.reject_past_bookings", expire, "booking", "Reject bookings that lie in the past."
    ),
    StandIn(
        "waldur_mastermind.booking.send_notifications_about_upcoming_bookings",
        remind,
        "booking",
        "Remind of bookings that come up.",
    ),
    StandIn(
        "waldur_pid.update_all_referrables", recompute, "referrable", "Bring the identifiers of referrables up to date."
    ),
    StandIn("waldur_pid.update_all_pid", recompute, "identifier", "Bring all persistent identifiers up to date."),
    StandIn(
        "waldur_rancher.delete_leftover_keycloak_groups",
        delete_leftovers,
        "group",
        "Delete groups that nothing refers to.",
    ),
    StandIn(
        "waldur_rancher.delete_leftover_keycloak_memberships",
        delete_leftovers,
        "membership",
        "Delete memberships of groups without use.",
    ),
    StandIn("waldur_rancher.sync_keycloak_users", begin, "membership", "Enter people whose membership is pending."),
    StandIn("waldur_rancher.sync_rancher_group_bindings", pull, "group binding", "Bring group bindings in line."),
    StandIn("waldur_rancher.sync_rancher_roles", pull, "role", "Bring roles in line with their templates."),
    StandIn("waldur_rancher.pull_all_clusters_nodes", pull, "cluster node", "Pull the nodes of all clusters."),
    StandIn(
        f"{_REMOTE}.notify_about_pending_project_update_requests",
        remind,
        "project update",
        "Tell of updates that wait for a week.",
    ),
    StandIn(
        f"{_REMOTE}.remote_offerings_sync", pull, "remote offering", "Bring offerings of other marketplaces in line."
    ),
    StandIn(
        f"{_REMOTE}.pull_erred_orders", pull, "erred order", "Pull orders that erred here and may have ended there."
    ),
    StandIn(f"{_REMOTE}.pull_invoices", pull, "remote invoice", "Pull invoice lines of other marketplaces."),
    StandIn(f"{_REMOTE}.pull_offering_users", pull, "offering user", "Pull the users of remote offerings."),
    StandIn(f"{_REMOTE}.pull_offerings", pull, "remote offering", "Pull offerings of other marketplaces."),
    StandIn(f"{_REMOTE}.pull_orders", pull, "remote order", "Pull orders of other marketplaces."),
    StandIn(f"{_REMOTE}.pull_resources", pull, "remote resource", "Pull resources of other marketplaces."),
    StandIn(f"{_REMOTE}.pull_robot_accounts", pull, "robot account", "Pull robot accounts of remote resources."),
    StandIn(f"{_REMOTE}.pull_usage", pull, "remote usage", "Pull the use of remote resources."),
    StandIn(
        f"{_REMOTE}.push_remote_project_data", recompute, "remote project", "Send project data to other marketplaces."
    ),
    StandIn(
        f"{_REMOTE}.sync_remote_project_permissions",
        pull,
        "remote permission",
        "Bring permissions of remote projects in line.",
    ),
)

for _stand_in in STAND_INS:
    _stand_in.register()
