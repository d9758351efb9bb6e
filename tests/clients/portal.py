"""Does with a user all that a portal does, by gql with tokens of PyJWT."""

import os
import time
from pathlib import Path

import jwt
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport

OPERATIONS = Path(__file__).parent / "operations"
EMAIL = "eve@example.test"


def token():
    now = int(time.time())
    claims = {
        "aud": [os.environ["APP_ID"]],
        "iat": now,
        "exp": now + 300,
        "audit_context": {"usage": "portal.py"},
    }
    return jwt.encode(
        claims, os.environ["PRIVATE_KEY"], algorithm="RS256", headers={"kid": "portal"}
    )


transport = RequestsHTTPTransport(
    url=os.environ["ENDPOINT"], headers={"Authorization": f"Bearer {token()}"}
)
# Checks each operation against the schema that the endpoint reports.
client = Client(transport=transport, fetch_schema_from_transport=True)


def run(name, **variables):
    document = gql((OPERATIONS / f"{name}.graphql").read_text())
    document.variable_values = variables
    return client.execute(document)


login = {"key": "email", "value": EMAIL}
user_id = run("createUserMutation", identityDefinition=login)["createUser"]["user"]["id"]
run("resetPasswordMutation", userID=user_id, password="", sendPassword=True)
run("setPasswordExpired", userID=user_id, expired=True)
run("setDisabledStatusMutation", userID=user_id, isDisabled=True, reason="left")
user = run("userQuery", userID=user_id)["node"]
assert user["isDisabled"] and user["disableReason"] == "left", user
assert user["authenticators"]["edges"][0]["node"]["expireAfter"], user
run("setDisabledStatusMutation", userID=user_id, isDisabled=False)
users = run("UsersListQuery", searchKeyword="eve@", pageSize=5)["users"]
assert [edge["node"]["id"] for edge in users["edges"]] == [user_id], users
run("revokeAllSessionsMutation", userID=user_id)
run("resetAccountLockoutMutation", userID=user_id)
try:
    run("createUserMutation", identityDefinition=login)
except TransportQueryError as error:
    extensions = error.errors[0]["extensions"]
    assert extensions["info"]["cause"]["kind"] == "DuplicatedIdentity", extensions
else:
    raise AssertionError("two users with one address")
deleted = run("deleteUserMutation", userID=user_id)["deleteUser"]["deletedUserID"]
assert deleted == user_id, deleted
print("done")
