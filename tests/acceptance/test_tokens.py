import pytest

from tests.gateway_in_process import Gateway


@pytest.mark.parametrize("n", range(10))
async def test_x(gateway: Gateway, n: int) -> None:
    r = await gateway.http.delete("/v1/eway-bills")
    if n == 0:
        print(r.status_code, r.headers, r.text)
        r = await gateway.http.request("HEAD", "/healthz")
        print(r.status_code, r.headers, r.content)
        r = await gateway.http.request("OPTIONS", "/healthz")
        print(r.status_code, r.headers, r.content)
        r = await gateway.http.request("OPTIONS", "/nothing")
        print(r.status_code, r.headers, r.content)
