"""The texts in Hindi, each of at most two joined segments of UCS-2 with its longest values.

Keywords, names of fields, GSTINs and numbers stay in Latin, as they are typed.
"""

from collections.abc import Mapping
from typing import Final

HINDI: Final[Mapping[str, str]] = {
    # Of a bill.
    "generated": "EBN {ebn} दिनांक {generated_at}, {valid_until} तक वैध, {vehicle}",
    "vehicle-changed": "EBN {ebn} अब वाहन {vehicle} पर है, {valid_until} तक वैध",
    "cancelled": "EBN {ebn} {at} को रद्द किया गया",
    "rejected": "EBN {ebn}: आपकी अस्वीकृति {at} को दर्ज की गई",
    "handed-over": "EBN {ebn} अब ट्रांसपोर्टर {transporter} के पास है, {valid_until} तक वैध",
    "described": "EBN {ebn} {status}, दिनांक {generated_at}, {valid_until} तक वैध, {vehicle}, "
    "प्राप्तकर्ता: {acceptance}",
    # A message that could not be read.
    "misread.REQUIRED": "आपका संदेश खाली है। उदाहरण: HELP",
    "misread.TOO_LONG": "आपका संदेश बहुत लंबा है, पढ़ा नहीं गया। उदाहरण: HELP",
    "misread.NOT_ONE_OF": '"{written}" कोई कीवर्ड नहीं है। EWBG EWBT EWBV EWBC EWBR EWBD '
    "EWBX या HELP लिखें। उदाहरण: HELP EWBG",
    "misread.UNKNOWN_FIELD": '{keyword} नहीं हुआ: "{written}" फालतू शब्द है। उदाहरण: {example}',
    "misread.otherwise": "{keyword} नहीं हुआ: विवरण सही नहीं है। प्रारूप: HELP {keyword}",
    # A field at fault.
    "fault.REQUIRED": "{keyword} नहीं हुआ: {field} नहीं लिखा है। उदाहरण: {example}. "
    "पूरा प्रारूप: HELP {keyword}",
    "fault.NOT_ONE_OF.TranType": '{keyword} TranType "{written}" गलत है। इनमें से: OSUP OEXP OJOB '
    "OSCD ORNK OFOU OEOF OLNS OOTH ISUP IIMP ISCD IJWR ISLR IEOF IFOU IOTH",
    "fault.NOT_ONE_OF.ReasonCode": '{keyword} नहीं हुआ: ReasonCode "{written}" गलत है। FST (पहला '
    "वाहन), BRK (खराबी), TRS (माल अंतरण), OTH (अन्य)",
    "fault.NOT_ONE_OF.Keyword": '{keyword} नहीं हुआ: {field} "{written}" गलत है। इनमें से: EWBG EWBT '
    "EWBV EWBC EWBR EWBD EWBX. उदाहरण: HELP {example}",
    "fault.GSTIN_FORMAT": '{keyword} नहीं हुआ: {field} "{written}" 15 अक्षरों का GSTIN नहीं है। '
    "उदाहरण: {example}",
    "fault.GSTIN_CHECKSUM": '{keyword} नहीं हुआ: {field} "{written}" में गलती है, GSTIN जांच लें। '
    "उदाहरण: {example}",
    "fault.OWN_GSTIN": "{keyword} नहीं हुआ: {field} आपका अपना GSTIN है। आने वाले माल में भेजने वाले का "
    "GSTIN या URP लिखें। उदाहरण: {example}",
    "fault.PIN_FORMAT": '{keyword} नहीं हुआ: {field} "{written}" 6 अंकों का पिन कोड नहीं है। '
    "उदाहरण: {example}",
    "fault.DOCUMENT_NUMBER_FORMAT": '{keyword} नहीं हुआ: {field} "{written}" में 1 से 16 अक्षर, अंक, '
    "- या / ही हों। उदाहरण: {example}",
    "fault.DATE_FORMAT": '{keyword} नहीं हुआ: {field} "{written}" सही तारीख DD/MM/YYYY नहीं है। '
    "उदाहरण: {example}",
    "fault.DATE_IN_FUTURE": '{keyword} नहीं हुआ: {field} "{written}" आज के बाद की तारीख है। '
    "उदाहरण: {example}",
    "fault.DOCUMENT_TOO_OLD": '{keyword} नहीं हुआ: {field} "{written}" ई-वे बिल के लिए बहुत पुरानी '
    "तारीख है। उदाहरण: {example}",
    "fault.MONEY_FORMAT": '{keyword} नहीं हुआ: {field} "{written}" रुपये में सही राशि नहीं है, कॉमा न '
    "लगाएं। उदाहरण: {example}",
    "fault.NOT_POSITIVE": '{keyword} नहीं हुआ: {field} "{written}" 0 से अधिक होना चाहिए। '
    "उदाहरण: {example}",
    "fault.OUT_OF_RANGE.TotalValue": '{keyword} नहीं हुआ: {field} "{written}" {most} से अधिक है। '
    "उदाहरण: {example}",
    "fault.HSN_FORMAT": '{keyword} नहीं हुआ: {field} "{written}" 4, 6 या 8 अंकों का HSN कोड नहीं है। '
    "उदाहरण: {example}",
    "fault.WRONG_TYPE": '{keyword} नहीं हुआ: {field} "{written}" पूरे किमी की संख्या नहीं है। '
    "उदाहरण: {example}",
    "fault.OUT_OF_RANGE.ApprDist": '{keyword} नहीं हुआ: {field} "{written}" 1 से {most} किमी के बीच '
    "होना चाहिए। उदाहरण: {example}",
    "fault.VEHICLE_FORMAT": '{keyword} नहीं हुआ: {field} "{written}" सही वाहन नंबर नहीं है। '
    "उदाहरण: {example}",
    "fault.EBN_FORMAT": '{keyword} नहीं हुआ: {field} "{written}" 12 अंकों का EBN नहीं है। '
    "उदाहरण: {example}",
    "fault.PASSWORD_FORMAT": "{keyword} नहीं हुआ: {field} में केवल 6 अंक लिखें। उदाहरण: CONFIRM {example}",
    "fault.otherwise": '{keyword} नहीं हुआ: {field} "{written}" गलत है। उदाहरण: {example}',
    # A refusal.
    "refused.OVERLOADED": "{subject} नहीं हुआ: सेवा व्यस्त है। कृपया कुछ मिनट बाद फिर भेजें",
    "refused.ROLE_NOT_PERMITTED": "{subject} नहीं हुआ: आपके पंजीकरण को इसकी अनुमति नहीं है",
    "refused.IDEMPOTENCY_KEY_REUSED": "{subject} नहीं हुआ: यह किसी दूसरे संदेश के नंबर से आया। कृपया फिर भेजें",
    "refused.INVALID_DOCUMENT": "{subject} नहीं हुआ: विवरण सही नहीं है। HELP भेजें",
    "refused.EWAY_BILL_NOT_FOUND": "{subject} नहीं हुआ: आपका ऐसा कोई ई-वे बिल नहीं है",
    "refused.NOT_A_PARTY": "{subject} नहीं हुआ: आप इसके पक्षकार नहीं हैं",
    "refused.NOT_THE_GENERATOR": "{subject} नहीं हुआ: यह केवल ई-वे बिल बनाने वाला कर सकता है",
    "refused.NOT_THE_RECIPIENT": "{subject} नहीं हुआ: यह केवल पंजीकृत प्राप्तकर्ता कर सकता है",
    "refused.NOT_THE_TRANSPORTER": "{subject} नहीं हुआ: यह केवल ट्रांसपोर्टर कर सकता है",
    "refused.DOCUMENT_ALREADY_HAS_EWAY_BILL": "{subject} नहीं हुआ: इस दस्तावेज़ का ई-वे बिल पहले से है",
    "refused.DOCUMENT_ALREADY_HAS_EWAY_BILL.named": "{subject} नहीं हुआ: इस दस्तावेज़ का ई-वे बिल पहले "
    "से है, EBN {named}",
    "refused.DOCUMENT_ALREADY_HAS_PART_A": "{subject} नहीं हुआ: इस दस्तावेज़ का Part A ट्रांसपोर्टर की "
    "प्रतीक्षा में है",
    "refused.DOCUMENT_ALREADY_HAS_PART_A.named": "{subject} नहीं हुआ: इस दस्तावेज़ का Part A {named} "
    "ट्रांसपोर्टर की प्रतीक्षा में है",
    "refused.ALREADY_CANCELLED": "{subject} नहीं हुआ: ई-वे बिल रद्द हो चुका है",
    "refused.ALREADY_RENEWED": "{subject} नहीं हुआ: ई-वे बिल की जगह नया बिल बन चुका है",
    "refused.ALREADY_RENEWED.named": "{subject} नहीं हुआ: ई-वे बिल की जगह नया बिल बन चुका है, EBN "
    "{named}",
    "refused.ALREADY_VERIFIED_IN_TRANSIT": "{subject} नहीं हुआ: ई-वे बिल की रास्ते में जांच हो चुकी है, अब "
    "रद्द नहीं हो सकता",
    "refused.CANCELLATION_WINDOW_CLOSED": "{subject} नहीं हुआ: रद्द करने का समय बीत चुका है",
    "refused.ALREADY_ANSWERED": "{subject} नहीं हुआ: प्राप्तकर्ता पहले ही उत्तर दे चुका है",
    "refused.DEEMED_ACCEPTED": "{subject} नहीं हुआ: उत्तर देने का समय बीत चुका है, ई-वे बिल स्वीकृत माना गया "
    "है",
    "refused.EXPIRED": "{subject} नहीं हुआ: ई-वे बिल की वैधता समाप्त हो चुकी है",
    "refused.NOT_BY_ROAD": "{subject} नहीं हुआ: माल सड़क मार्ग से नहीं जा रहा है",
    "refused.SAME_VEHICLE": "{subject} नहीं हुआ: माल पहले से इसी वाहन पर है",
    "refused.SAME_TRANSPORTER": "{subject} नहीं हुआ: ई-वे बिल पहले से इसी ट्रांसपोर्टर के पास है",
    "refused.TOO_MANY_CHANGES": "{subject} नहीं हुआ: ई-वे बिल बहुत बार बदला जा चुका है",
    "refused.RFID_TAG_REQUIRED": "{subject} नहीं हुआ: वाहन पर पहले से दर्ज RFID टैग होना चाहिए",
    "refused.CHANGED_MEANWHILE": "{subject} नहीं हुआ: इसी समय किसी और ने इसे बदल दिया। कृपया फिर भेजें",
    "refused.RECORD_UNAVAILABLE": "{subject} नहीं हुआ: सेवा अभी बंद है। कृपया कुछ मिनट बाद फिर भेजें",
    "refused.OUTCOME_UNKNOWN": "{subject}: हुआ या नहीं, यह पता नहीं है। कृपया फिर भेजें, काम दो बार नहीं "
    "होगा",
    "refused.INTERNAL_ERROR": "{subject} नहीं हुआ: सेवा में गड़बड़ी है। कृपया कुछ मिनट बाद फिर भेजें",
    # Help.
    "help": "EWBG EWBT बनाएं, EWBV वाहन, EWBC रद्द, EWBR अस्वीकार, EWBD विवरण, EWBX ट्रांसपोर्टर, "
    "CONFIRM, USE, ENGLISH, STOP. प्रारूप: HELP EWBG",
    "help.EWBG": "EWBG TranType RecGSTIN DelPinCode InvNo InvDate TotalValue HSNCode ApprDist "
    "Vehicle. जैसे: OSUP, 01/04/2018, 75000.00",
    "help.EWBT": "EWBT TranType SuppGSTIN RecGSTIN DelPinCode InvNo InvDate TotalValue HSNCode "
    "ApprDist Vehicle. जैसे: OSUP, 01/04/2018",
    "help.EWBV": "वाहन बदलने के लिए: EWBV EBN Vehicle ReasonCode (FST BRK TRS OTH)। उदाहरण: "
    "EWBV 171000000144 KA12AB1234 BRK",
    "help.EWBC": "अपना ई-वे बिल रद्द करने के लिए: EWBC EBN. उदाहरण: EWBC 171000000144",
    "help.EWBR": "आपको भेजा गया माल अस्वीकार करने के लिए: EWBR EBN. उदाहरण: EWBR 171000000144",
    "help.EWBD": "ई-वे बिल का विवरण पूछने के लिए: EWBD EBN. उदाहरण: EWBD 171000000144",
    "help.EWBX": "दूसरे ट्रांसपोर्टर को देने के लिए: EWBX EBN TransporterId. उदाहरण: "
    "EWBX 171000000144 05AAACG2115R1ZN",
    "help.HELP": "HELP से सभी संदेश, HELP और कीवर्ड से एक संदेश का प्रारूप मिलता है। उदाहरण: HELP EWBG",
    "help.STOP": "इस नंबर से SMS द्वारा ई-वे बिल बंद करने के लिए: STOP. उदाहरण: STOP",
    "help.CONFIRM": "नंबर की पुष्टि के लिए मिला हुआ OTP भेजें: CONFIRM OTP. उदाहरण: CONFIRM 123456",
    "help.USE": "नंबर पर कई GSTIN हों तो एक चुनें: USE GSTIN. उदाहरण: USE 27AAPFU0939F1ZV",
    "help.HINDI": "हिंदी में उत्तर पाने के लिए: HINDI. उदाहरण: HINDI",
    "help.ENGLISH": "अंग्रेज़ी में उत्तर पाने के लिए: ENGLISH. उदाहरण: ENGLISH",
    # Of the number itself.
    "stranger": "यह नंबर SMS द्वारा ई-वे बिल के लिए पंजीकृत नहीं है। कृपया अपनी कंपनी से पंजीकरण करवाएं",
    "confirmed-to-choose": "इस नंबर की {gstin} के लिए भी पुष्टि हुई। इस पर कई GSTIN हैं: "
    "USE और GSTIN भेजकर एक चुनें",
    "confirmed": "इस नंबर की GSTIN {gstin} के लिए पुष्टि हुई। संदेशों के लिए HELP, बंद करने के लिए STOP भेजें",
    "wrong-password": "OTP गलत है। शेष प्रयास: {tries}। उदाहरण: CONFIRM 123456",
    "no-password": "इस नंबर से किसी OTP की प्रतीक्षा नहीं है। नंबर पंजीकृत न हो तो कृपया पंजीकृत करवाएं",
    "password-used-up": "OTP बहुत बार गलत आया। नए OTP के लिए कृपया नंबर फिर से पंजीकृत करवाएं",
    "password-expired": "OTP का समय बीत चुका है। नए OTP के लिए कृपया नंबर फिर से पंजीकृत करवाएं",
    "stopped": "इस नंबर के लिए SMS द्वारा ई-वे बिल बंद कर दिया गया है। फिर शुरू करने के लिए पंजीकरण करवाएं",
    "choose-gstin": "नहीं हुआ: पहले GSTIN चुनें। USE और इनमें से एक भेजें: {gstins}",
    "acting-for": "यह नंबर अब GSTIN {gstin} के लिए काम करेगा",
    "language": "अब से उत्तर हिंदी में मिलेंगे। English: ENGLISH भेजें",
    "too-many": "इस नंबर से बहुत अधिक संदेश आए। कुछ नहीं किया गया। कृपया कुछ समय बाद भेजें",
    "too-late": "आपका संदेश बहुत देर से मिला, अब उस पर कुछ नहीं किया गया। ज़रूरी हो तो कृपया फिर भेजें",
    # To those who did not ask.
    "one-time-password": "{password} GSTIN {gstin} के ई-वे बिल के लिए OTP है। CONFIRM {password} भेजें। "
    "किसी को न बताएं",
    "supplier-told": "आपके माल का EBN {ebn} {by} ने बनाया: {document}, Rs {value}, {vehicle}, "
    "{generated_at}",
    "generated-against-you": "आपके नाम बिल {document}, Rs {value}, {by}। {until} तक EWBR {ebn} से "
    "अस्वीकार, वरना स्वीकृत",
    "expires-soon": "EBN {ebn}, {vehicle}, केवल {valid_until} तक वैध है। माल न पहुंचे तो समय पर नवीनीकरण "
    "करवाएं",
}
"""Each by its name; what stands in braces is filled in."""
