#!/bin/sh
# Makes the users, each the name of what is special about it, and becomes sshd. It runs in a mount namespace of its own.
#
# Arguments: $1 is a folder with keys, $2 the port.
set -eu
mount -t tmpfs tmpfs /mnt; mkdir /mnt/etc /mnt/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/etc,workdir=/mnt/work /etc
mount -t tmpfs tmpfs /run; mkdir /run/sshd
mount -t tmpfs tmpfs /home
for d in /var/log /var/mail /var/lib/sudo; do [ ! -d $d ] || mount -t tmpfs tmpfs $d; done
cp -r "$1" /home/keys; chmod -R go+rX /home/keys; chmod 0600 /home/keys/host /home/keys/password; cd /
mount -t tmpfs -o noexec,nosuid,nodev tmpfs /tmp
ln -sf /bin/busybox /mnt/ash; printf '/bin/fish\n/usr/bin/fish\n/bin/tcsh\n/mnt/ash\n/bin/dash\n' >>/etc/shells
for u in ops:/bin/bash refused:/bin/bash asked:/bin/bash doas:/bin/bash wantstty:/bin/bash fish:/usr/bin/fish \
  tcsh:/bin/tcsh dash:/bin/dash ash:/mnt/ash greets:/bin/bash paths:/bin/bash nologin:/usr/sbin/nologin \
  forced:/bin/bash typed:/bin/bash one:/bin/bash two:/bin/bash nowhere:/bin/bash cert:/bin/bash few:/bin/bash; do
  useradd -m -s "${u#*:}" -p "${hash:-!}" "${u%:*}"
  # One hash serves all: it is slow to make, by design.
  if [ -z "${hash:-}" ]; then
    echo "${u%:*}:$(cat /home/keys/password)" | chpasswd; hash=$(getent shadow "${u%:*}" | cut -d: -f2)
  fi
done
# The programs of update-motd.d say something else on each machine, and take a while at each login.
rm -rf /etc/sudoers.d/* /etc/ssh/sshd_config.d /etc/update-motd.d/*
cat >/etc/sudoers <<'END'
Defaults env_reset, secure_path="/usr/sbin:/usr/bin:/sbin:/bin"
Defaults:wantstty requiretty
root ALL=(ALL:ALL) ALL
ops,wantstty,fish,tcsh,dash,ash,greets,paths,typed,one,two,nowhere,cert,few,forced ALL=(root) NOPASSWD: /bin/sh -s
asked ALL=(root) /bin/sh -s
@includedir /etc/sudoers.d
END
echo 'permit nopass doas as root cmd /bin/sh args -s' >/etc/doas.conf; chmod 0400 /etc/doas.conf
# shellcheck disable=SC2016 # for the user's own shell
echo 'echo "Welcome! $(date)"; umask 077; alias cat=false; PS1=x; cd /var' >/home/greets/.bashrc
mkdir -p /home/paths/.ssh
printf '%s\n' PATH=/nowhere LC_ALL=de_DE.UTF-8 POSIXLY_CORRECT=1 CDPATH=/ ENV=/home/paths/env \
  BASH_ENV=/home/paths/env IFS=x GREP_OPTIONS=-v >/home/paths/.ssh/environment
echo 'echo from ENV; exit 3' >/home/paths/env
chown -R paths: /home/paths
# shellcheck disable=SC2016 # it is to be printed as it is
printf '%s\n' "******* authorised use only *******" '$(reboot)' >/etc/issue.net
echo "a message of the day" >/etc/motd
cat >/etc/ssh/sshd_config <<END
ListenAddress 127.0.0.1:$2
HostKey /home/keys/host
HostCertificate /home/keys/host-cert.pub
TrustedUserCAKeys /home/keys/user-ca.pub
AuthorizedKeysFile /home/keys/authorized
StrictModes no
UsePAM yes
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitTTY no
Banner /etc/issue.net
PrintMotd yes
UseDNS no
RekeyLimit 1M
MaxAuthTries 3
MaxStartups 100
PidFile none
Match User typed
  PasswordAuthentication yes
  AuthenticationMethods password
Match User asked
  KbdInteractiveAuthentication yes
  AuthenticationMethods publickey,keyboard-interactive
Match User cert
  AuthorizedKeysFile none
Match User paths
  PermitUserEnvironment yes
Match User one
  MaxSessions 1
Match User two
  MaxSessions 2
Match User nowhere
  AllowTcpForwarding no
Match User forced
  ForceCommand echo backup done
END
sed -i '/PermitUserEnvironment/d' /etc/ssh/sshd_config; sed -i '1i PermitUserEnvironment yes' /etc/ssh/sshd_config
exec /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config
