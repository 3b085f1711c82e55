//! Rules of the text: the file, its keys, words, numbers and names.

lints! {
    FILE_UTF8 = "bestand-utf8", Error,
        "Het bestand is gewone tekst in UTF-8", "The file is plain text in UTF-8",
        "Sla het bestand op als UTF-8.", "Save the file as UTF-8.";
    FILE_SIZE = "bestand-te-groot", Error,
        "Het bestand is hooguit 256 KiB", "The file is at most 256 KiB",
        "Splits het convenant, of haal toelichting weg die in de papieren tekst hoort.",
        "Split the covenant, or leave out explanation that belongs in the paper text.";
    FILE_BOM = "bestand-bom", Error,
        "Het bestand begint niet met een onzichtbaar merkteken", "The file has no byte order mark",
        "Sla het bestand op als UTF-8 zonder BOM.", "Save the file as UTF-8 without BOM.";
    FILE_LINE_END = "bestand-regeleinde", Error,
        "Regels eindigen met een enkele nieuwe regel (LF)", "Lines end in a single line feed (LF)",
        "Sla het bestand op met Unix-regeleinden.", "Save the file with Unix line endings.";
    FILE_CHARACTERS = "bestand-tekens", Error,
        "Geen onzichtbare of richting-veranderende tekens", "No invisible or direction-changing characters",
        "Haal het teken weg en typ het woord opnieuw.", "Remove the character and type the word again.";
    FILE_NFC = "bestand-nfc", Error,
        "Letters met een teken zijn een enkel teken (NFC)", "Letters with a mark are one character (NFC)",
        "Typ de letter opnieuw, of zet het bestand om naar NFC.", "Type the letter again, or convert the file to NFC.";
    TOML = "toml", Error,
        "Het bestand is geldig TOML", "The file is valid TOML",
        "Kijk naar aanhalingstekens, haakjes en dubbele sleutels.", "Look at quotes, brackets and double keys.";
    FORMAT = "formaat", Error,
        "Het bestand noemt zijn formaat", "The file names its format",
        "Schrijf bovenaan: formaat = \"convenant/1\".", "Write at the top: formaat = \"convenant/1\".";
    UNKNOWN_KEY = "onbekende-sleutel", Error,
        "Elke sleutel is bekend", "Every key is known",
        "Verbeter de sleutel of haal hem weg.", "Correct the key or remove it.";
    UNKNOWN_WORD = "onbekend-woord", Error,
        "Elk woord staat in zijn lijst", "Every word is in its list",
        "Kies een woord uit de lijst.", "Choose a word from the list.";
    UNKNOWN_REFERENCE = "onbekende-verwijzing", Error,
        "Wat genoemd wordt, bestaat in dit convenant", "What is named exists in this covenant",
        "Verbeter de naam, of voeg toe wat ontbreekt.", "Correct the name, or add what is missing.";
    MISSING = "ontbreekt", Error,
        "Wat verplicht is, staat er", "What is required is there",
        "Voeg de sleutel toe.", "Add the key.";
    WRONG_TYPE = "verkeerd-soort", Error,
        "Elke waarde is van de goede soort", "Every value is of the right type",
        "Schrijf de waarde in de gevraagde vorm.", "Write the value in the form that is asked for.";
    INVALID_VALUE = "ongeldige-waarde", Error,
        "Elke waarde heeft de goede vorm", "Every value is well formed",
        "Schrijf de waarde in de gevraagde vorm.", "Write the value in the form that is asked for.";
    INVALID_NAME = "ongeldige-naam", Error,
        "Namen bestaan uit kleine letters, cijfers en streepjes", "Names consist of lower-case letters, digits and hyphens",
        "Gebruik alleen a-z, 0-9 en een streepje.", "Use only a-z, 0-9 and a hyphen.";
    EMPTY = "leeg", Error,
        "Niets wat er staat is leeg", "Nothing that is there is empty",
        "Vul iets in.", "Fill something in.";
    DOUBLE_WORD = "dubbel-woord", Error,
        "Geen woord staat twee keer in een lijst", "No word is in a list twice",
        "Haal een van beide weg.", "Remove one of the two.";
    DOUBLE_NUMBER = "dubbel-nummer", Error,
        "Elk nummer is van een enkele regel of een enkel verbod", "Every number belongs to one clause or prohibition",
        "Geef een van beide een ander nummer.", "Give one of the two another number.";
    DOUBLE_CODE = "code-dubbel", Error,
        "Elke code hoort bij een enkel signaal", "Every code belongs to one signal",
        "Laat de code bij een van beide signalen staan.", "Leave the code at one of the two signals.";
    DOUBLE_OIN = "oin-dubbel", Error,
        "Elke organisatie heeft een eigen OIN", "Every organisation has an OIN of its own",
        "Zoek het juiste OIN op in het OIN-register.", "Look up the right OIN in the OIN register.";
    DOUBLE_KEY = "sleutel-dubbel", Error,
        "Elke sleutel heeft een eigenaar en een gebruik", "Every key has one owner and one use",
        "Laat de partij een nieuwe sleutel maken.", "Let the party make a new key.";
    KEY_INVALID = "sleutel-ongeldig", Error,
        "Elke openbare sleutel is volledig en van de goede soort", "Every public key is whole and of the right kind",
        "Neem de regel over uit het bestand dat de partij stuurde: ed25519: of x25519:, dan 32 bytes in base64 of hexadecimaal.",
        "Copy the line from the file that the party sent: ed25519: or x25519:, then 32 bytes in base64 or hexadecimal.";
    KEY_PLACEHOLDER = "sleutel-plaatshouder", Error,
        "Een model-sleutel is vervangen door een echte", "A place-holder key has been replaced by a real one",
        "Vraag de partij om haar openbare sleutel en zet die hier.", "Ask the party for its public key and put it here.";
}
