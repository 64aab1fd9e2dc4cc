#!/bin/sh
# Makes the built-in prompts: speak.sh FOLDER; FOLDER/en-digit-0.wav and so on. flite speaks English,
# espeak-ng the rest. The words of a language are one line of it: tag, voice, then the nineteen pieces, in the
# order of `pieces`.
set -eu
folder=$1
mkdir -p "$folder"

pieces="digit-0 digit-1 digit-2 digit-3 digit-4 digit-5 digit-6 digit-7 digit-8 digit-9 star hash
parked-at full regret pin pin-wrong gone confirm"

words() {
    cat <<'END'
en|slt|zero|one|two|three|four|five|six|seven|eight|nine|star|hash|parked at|Sorry, no number is free.|We are sorry. Nobody can take your call now. Please call again later.|Please enter the PIN.|That PIN is not right.|The call is not there any more.|A parked call is waiting. Press one to take it.
de|de|null|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|Stern|Raute|geparkt auf|Es ist leider keine Nummer frei.|Leider kann Ihr Anruf gerade nicht angenommen werden. Bitte rufen Sie später wieder an.|Bitte geben Sie die PIN ein.|Diese PIN ist nicht richtig.|Der Anruf ist nicht mehr da.|Ein geparkter Anruf wartet. Drücken Sie die Eins, um ihn anzunehmen.
fr|fr-fr|zéro|un|deux|trois|quatre|cinq|six|sept|huit|neuf|étoile|dièse|appel mis en attente au|Désolé, aucun numéro n'est libre.|Désolé, personne ne peut prendre votre appel. Veuillez rappeler plus tard.|Veuillez saisir le code.|Ce code n'est pas correct.|L'appel n'est plus là.|Un appel est en attente. Appuyez sur un pour le prendre.
es|es|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|asterisco|almohadilla|llamada aparcada en|Lo sentimos, no hay ningún número libre.|Lo sentimos, nadie puede atender su llamada ahora. Por favor, llame más tarde.|Introduzca el código, por favor.|Ese código no es correcto.|La llamada ya no está.|Hay una llamada en espera. Pulse uno para atenderla.
pt|pt|zero|um|dois|três|quatro|cinco|seis|sete|oito|nove|asterisco|cardinal|chamada estacionada em|Lamentamos, não há nenhum número livre.|Lamentamos, ninguém pode atender a sua chamada agora. Por favor, ligue mais tarde.|Por favor, introduza o código.|Esse código não está certo.|A chamada já não está disponível.|Há uma chamada em espera. Prima um para a atender.
END
}

for tool in flite espeak-ng; do
    command -v $tool >/dev/null || {
        echo "speak.sh: $tool is not installed; it speaks the built-in prompts" >&2
        exit 1
    }
done

words | while IFS='|' read -r tag voice line; do
    for piece in $pieces; do
        text=${line%%|*}
        line=${line#*|}
        if [ "$tag" = en ]; then
            flite -voice "$voice" -t "$text" -o "$folder/$tag-$piece.wav"
        else
            espeak-ng -b 1 -v "$voice" -s 150 -w "$folder/$tag-$piece.wav" "$text"
        fi
        [ -s "$folder/$tag-$piece.wav" ] || {
            echo "speak.sh: nothing came out for '$text' ($tag)" >&2
            exit 1
        }
    done
done
