"""The limits of SMS, in and out. Units come last; `ingest/limits_fit.py` sees that they fit."""

from datetime import timedelta
from typing import Final

BODY_BYTES_MAX: Final = 16 * 1024
"""One delivery of an aggregator: a joined message is far smaller."""
PROVIDER_KNOWN_SECONDS: Final = 10.0
"""How long a worker goes by what it knows of an aggregator."""
OF_A_CARRIER_A_SECOND: Final = 4000
"""Messages one worker takes of one carrier in the long run; past it 429 TOO_MANY_MESSAGES, and they
are delivered again."""
OF_A_CARRIER_AT_ONCE: Final = 1000
OF_A_NUMBER_EVERY: Final = timedelta(seconds=6)
"""Messages one worker listens to from one number, in the long run."""
OF_A_NUMBER_AT_ONCE: Final = 20
"""And in a burst: what a driver with a full lorry types in a minute. Past it the number is told
once, and then nothing."""
NUMBERS_PACED_MAX: Final = 100_000
"""Numbers whose pace one worker remembers; one that is forgotten starts anew."""
ON_ITS_WAY_MAX: Final = timedelta(hours=12)
"""A message that took longer is not acted on: whoever sent it has long done something else."""
KNOWN_FOR: Final = timedelta(hours=72)
"""How long a message that comes again is the same: SMSCs try for two days, seldom for three."""
REPLIED_WITHIN: Final = timedelta(hours=6)
"""How long a reply to a message is worth sending."""
INFORMED_WITHIN: Final = timedelta(hours=72)
"""How long it is worth telling an unregistered supplier of a bill."""
EXPIRES_SOON: Final = timedelta(hours=4)
"""How long before a bill expires whoever carries the goods is told, if they want to be."""
TOLD_MAX: Final = 20
"""Messages a number is sent without having asked within TOLD_IN: notices, and information to
unregistered suppliers. Replies are bounded by what comes in, passwords by registrations."""
TOLD_IN: Final = timedelta(hours=24)
PUT_OFF: Final = timedelta(hours=1)
"""Before it is looked again whether an unregistered supplier may be told."""
LEASE: Final = timedelta(seconds=60)
"""How long a message is one sender's alone. If that one dies, another sends it after this."""
WORDED_SECONDS_MAX: Final = 8.0
"""How long it may take to lease a message and to find out what it says; then it is tried again."""
SEND_SECONDS_MAX: Final = 15.0
"""How long a carrier may take to say that it has taken a message."""
HTTP_SECONDS_MAX: Final = 12.0
"""An aggregator's whole answer: one that says it took a message and does not end is given up."""
ANSWER_BYTES_MAX: Final = 64 * 1024
CARRIER_ID_CHARACTERS_MAX: Final = 255
"""Of a carrier's id of a message; a longer one is as good as none."""
MARK_PAUSES_SECONDS: Final = (0.0, 1.0, 5.0)
"""Before each try to keep what became of a message that was sent."""
TRIED_AGAIN_AFTER: Final = timedelta(seconds=5)
"""After the first failure; doubled with every other."""
TRIED_AGAIN_AFTER_MAX: Final = timedelta(minutes=10)
FAILURES_TOLD_EVERY: Final = timedelta(seconds=10)
LOOK_SECONDS: Final = 0.2
"""How often a sender looks for what is due while nothing is."""
REPLIES_AT_ONCE: Final = 512
"""Replies one sender has on their way: enough for 2,000 a second at 100 ms each."""
GIVEN_AHEAD_SECONDS: Final = 5.0
"""Of what a carrier takes at its own pace, so much is given to it at once."""
OTHERS_AT_ONCE: Final = 64
"""Passwords, and everything else: a hundred thousand notices must not keep a driver waiting."""
CONNECTIONS: Final = 6
"""Three leases, marks, admissions, receipts: as many as a sender uses at once."""
RECEIPTED_WITHIN: Final = timedelta(days=7)
"""How long after a message was sent its receipt is known; carriers use their ids again."""
RECEIPT_PAUSES_SECONDS: Final = (0.0, 0.2, 1.0)
"""Before each look for the message of a receipt, which may come before its message is marked."""
KEPT: Final = timedelta(days=30)
"""How long messages are kept after they expired, dead letters too."""
COUNT_SECONDS: Final = 5.0
COUNTED_MAX: Final = 100_000
NOTICES_SECONDS: Final = 1.0
"""How often a worker looks whether anybody wants notices."""
PASSWORD_TOLD_OF: Final = timedelta(hours=1)
"""How long a number is told that its password is spent or not good any more."""
HEARD_EVERY: Final = timedelta(days=1)
"""How often it is written that a number was heard."""
STRANGER_TOLD_EVERY: Final = timedelta(hours=24)
"""How long a number nobody registered, once told so, is not answered again."""
WAITING_STRANGERS_MAX: Final = 4096
"""Messages of such numbers waiting in one worker; past it 503 OVERLOADED."""

SAME_FOR: Final = timedelta(minutes=10)
"""The same words from the same number, delivered again by an SMSC that gives no ids, are the same
message: for at least so long, and less than twice as long."""
PART_KEPT: Final = timedelta(hours=1)
"""How long a part of a long message waits for the others, and is known when it comes again."""
BATCH_SMS_PARTS_MAX: Final = 64
WAITING_SMS_PARTS_MAX: Final = 1024
SMPP_PDU_BYTES_MAX: Final = 72 * 1024
"""A message_payload of 64 KiB and what else there is to say; a longer PDU ends the link."""
SMPP_SUBMITS_WAITING_MAX: Final = 1024
SMPP_UNBIND_SECONDS_MAX: Final = 4.0
SMPP_CONNECT_SECONDS_MAX: Final = 10.0
SMPP_RECONNECT_SECONDS_MAX: Final = 60.0
SMPP_THROTTLED_SECONDS: Final = 1.0
"""The first pause after an SMSC asked for one; each further one is twice as long."""
SMPP_THROTTLED_SECONDS_MAX: Final = 30.0
