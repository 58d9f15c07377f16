"""The ASGI application: every operation of the contract behind the edge."""

from collections.abc import Sequence

from gateway.edge import Edge
from gateway.metrics import Metrics
from gateway.operation import Operation, OperationRoute
from gateway.routes import (
    answer_eway_bill,
    ask_lane,
    bulk_eway_bills,
    bulk_invoices,
    cancel_eway_bill,
    complete_part_a,
    confirm_sms_number,
    consolidate_eway_bills,
    documentation,
    end_sms_number,
    extract_gstr_1,
    finalise_inspection,
    find_invoices,
    generate_eway_bill,
    hand_over_eway_bill,
    health,
    issue_token,
    list_dead_letters,
    list_detentions,
    list_eway_bills,
    list_parts_a,
    list_reads,
    list_sms_numbers,
    list_tags,
    map_tag,
    post_notification,
    read_consolidated,
    read_eway_bill,
    read_inspection,
    read_invoice,
    read_part_a,
    read_rulebook,
    read_tag,
    receive_sms,
    record_inspection,
    record_reads,
    register_sms_number,
    renew_eway_bill,
    report_detention,
    state_requirement,
    transfer_eway_bill,
    unmap_tag,
    upload_invoice,
    vehicle_eway_bills,
    verify_eway_bill,
    withdraw_part_a,
)
from gateway.services import Clock, Services


def operations(services: Services, metrics: Metrics) -> Sequence[Operation]:
    """Every operation, the busiest first: they are tried in order."""
    served = [
        ask_lane.operation(services),
        generate_eway_bill.operation(services),
        read_eway_bill.operation(services),
        record_reads.operation(services),
        vehicle_eway_bills.operation(services),
        list_eway_bills.operation(services),
        bulk_eway_bills.operation(services),
        upload_invoice.operation(services),
        bulk_invoices.operation(services),
        read_invoice.operation(services),
        find_invoices.operation(services),
        extract_gstr_1.operation(services),
        cancel_eway_bill.operation(services),
        answer_eway_bill.operation(services),
        transfer_eway_bill.operation(services),
        hand_over_eway_bill.operation(services),
        renew_eway_bill.operation(services),
        verify_eway_bill.operation(services),
        list_parts_a.operation(services),
        read_part_a.operation(services),
        complete_part_a.operation(services),
        withdraw_part_a.operation(services),
        consolidate_eway_bills.operation(services),
        read_consolidated.operation(services),
        map_tag.operation(services),
        unmap_tag.operation(services),
        read_tag.operation(services),
        list_tags.operation(services),
        register_sms_number.operation(services),
        confirm_sms_number.operation(services),
        list_sms_numbers.operation(services),
        end_sms_number.operation(services),
        record_inspection.operation(services),
        finalise_inspection.operation(services),
        read_inspection.operation(services),
        report_detention.operation(services),
        list_detentions.operation(services),
        list_reads.operation(services),
        list_dead_letters.operation(services),
        state_requirement.operation(services),
        read_rulebook.operation(services),
        post_notification.operation(services),
        *receive_sms.operations(services),
        issue_token.operation(services),
        *health.operations(services, metrics),
    ]
    return [*served, *documentation.operations(served)]


def create_app(services: Services, clock: Clock, metrics: Metrics) -> Edge:
    """The application over running services."""
    return Edge(
        OperationRoute(operation, services.tokens, clock, metrics)
        for operation in operations(services, metrics)
    )
