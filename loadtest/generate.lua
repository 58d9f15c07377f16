-- wrk: POST /v1/eway-bills, every document with a number of its own, 10,000 vehicles.
-- Arguments: the token, and a prefix that no earlier run used.
local prefix, count = "", 0

function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  prefix = args[2]
end

local template = '{"supplier_gstin": "27AAPFU0939F1ZV", "recipient_gstin": "29AAGCB7383J1Z4", '
  .. '"place_of_dispatch": "400001", "place_of_delivery": "560001", "document_type": "INVOICE", '
  .. '"document_number": "%s/%d", "document_date": "2026-11-20", "value_of_goods": "75000.00", '
  .. '"hsn_code": "7215", "reason_code": 1, "transport_document_number": "GR-998877", '
  .. '"mode": "ROAD", "distance_km": 350, "vehicle_number": "KA12AB%04d", '
  .. '"transporter_id": "27AAPFU0939F1ZV", "irn": null}'

function request()
  count = count + 1
  return wrk.format(nil, nil, nil, string.format(template, prefix, count, count % 10000))
end
