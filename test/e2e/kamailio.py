"""Kamailio as a site has it beside callpark: registrar and proxy of the phones, dispatcher in front of callpark, and
presence server for its lamps."""

import glob
import os
import re
import shutil
import signal
import subprocess

CONFIG = """#!KAMAILIO
children=2
log_stderror=yes
debug=1
fork=yes
disable_tcp=yes
listen=udp:127.0.0.1:{port}
mpath="{modules}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "auth.so"
loadmodule "dispatcher.so"
loadmodule "db_text.so"
loadmodule "presence.so"
loadmodule "presence_dialoginfo.so"
loadmodule "ctl.so"
modparam("ctl", "binrpc", "unix:{folder}/ctl")
modparam("tm", "fr_timer", 4000)
modparam("usrloc", "db_mode", 0)
modparam("dispatcher", "list_file", "{folder}/dispatcher.list")
modparam("dispatcher", "ds_ping_interval", 1)
modparam("dispatcher", "ds_probing_mode", 1)
modparam("dispatcher", "ds_probing_threshold", 1)
modparam("presence", "db_url", "text://{folder}/tables")
modparam("presence", "server_address", "sip:127.0.0.1:{port}")
modparam("presence", "subs_db_mode", 0)
modparam("presence", "publ_cache", 2)
modparam("presence_dialoginfo", "force_single_dialog", 1)
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("PUBLISH|SUBSCRIBE")) {{
        if (!t_newtran()) {{ sl_reply_error(); exit; }}
        if (is_method("PUBLISH")) handle_publish(); else handle_subscribe();
        t_release();
        exit;
    }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not here"); exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (is_method("REGISTER")) {{
        # Who registers the number to park must know its password; phones are believed here.
        if ($tU == "7000" && !pv_www_authenticate("$td", "word", "0")) {{ auth_challenge("$td", "0"); exit; }}
        if ($tU == "7000" && $au != "park") {{ sl_send_reply("403", "Not yours"); exit; }}
        save("location");
        exit;
    }}
    if (is_method("INVITE")) record_route();
    if ($rU =~ "^[a-z]+[.]1[0-9]+$") {{
        # As a session border controller does that ends a REFER itself and says who sent it.
        append_hf("Referred-By: <sip:$(rU{{s.select,0,.}})@127.0.0.1:{port}>\\r\\n");
        $rU = $(rU{{s.select,1,.}});
    }}
    $var(group) = 1;
    if ($rU =~ "^any-1") {{ strip(4); $var(group) = 2; }}
    if ($rU =~ "^1[0-9][0-9][0-9]$") {{
        if (!ds_select_dst("$var(group)", "4")) {{ sl_send_reply("503", "No call park server"); exit; }}
        t_relay(); exit;
    }}
    if (!lookup("location")) {{ sl_send_reply("404", "Not found"); exit; }}
    t_relay();
}}
"""


class Kamailio:
    """Numbers go to the call park server at port `server`; with any- before them to that one or `other`."""

    def __init__(self, port, server, other):
        self.port, self.folder = port, os.path.join(os.environ["E2E_DIR"], "kamailio")
        os.makedirs(self.folder)
        shutil.copytree("/usr/share/kamailio/dbtext/kamailio", os.path.join(self.folder, "tables"))
        with open(os.path.join(self.folder, "dispatcher.list"), "w", encoding="utf-8") as f:
            f.write(f"1 sip:127.0.0.1:{server}\n2 sip:127.0.0.1:{server}\n2 sip:127.0.0.1:{other}\n")
        modules = glob.glob("/usr/lib/*/kamailio/modules") + glob.glob("/usr/lib/kamailio/modules")
        file = os.path.join(self.folder, "kamailio.cfg")
        with open(file, "w", encoding="utf-8") as f:
            f.write(CONFIG.format(port=port, modules=modules[0], folder=self.folder))
        self.log = open(os.path.join(self.folder, "log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(["kamailio", "-f", file, "-DD", "-m", "64", "-M", "8", "-Y", self.folder,
                                         "-P", os.path.join(self.folder, "pid")],
                                        stdout=self.log, stderr=self.log, start_new_session=True)

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            return f.read()

    def asked(self, *command):
        done = subprocess.run(["kamcmd", "-s", f"unix:{self.folder}/ctl", *command], capture_output=True, text=True,
                              timeout=20, check=False)
        return done.stdout + done.stderr

    def servers(self):
        """Port of each call park server to its flags: AP is active and probed, IP inactive."""
        found = re.findall(r"URI: sip:127\.0\.0\.1:(\d+)\s+FLAGS: (\w+)", self.asked("dispatcher.list"))
        return {int(port): flags for port, flags in found}

    def knows(self, user):
        return re.search(rf"AoR: {user}\b", self.asked("ul.dump")) is not None

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)
        self.log.close()
