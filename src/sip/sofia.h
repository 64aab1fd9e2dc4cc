/* How callpark includes Sofia-SIP. The library's context types are macros that must be the same in
 * every file and stand before its first header, so no file includes the library by itself. */
#ifndef CALLPARK_SIP_SOFIA_H
#define CALLPARK_SIP_SOFIA_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif

struct sip;
struct leg;

#define SU_ROOT_MAGIC_T struct sip
#define SU_WAKEUP_ARG_T struct sip
#define SU_TIMER_ARG_T void
#define NTA_AGENT_MAGIC_T struct sip
#define NTA_LEG_MAGIC_T void /* the edge for requests outside of dialogs, else the leg */
#define NTA_INCOMING_MAGIC_T struct leg
#define NTA_OUTGOING_MAGIC_T struct leg

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sdp.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/sresolv.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_md5.h>
#include <sofia-sip/su_time.h>
#include <sofia-sip/su_uniqueid.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>
#include <sofia-sip/url.h>

#endif
